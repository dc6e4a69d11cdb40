import type { Node, NodeAPI, NodeDef } from 'node-red';

import { isRecord } from '../../lib/core/units';
import { ErrorStream } from '../shared/error-stream';
import { onInput } from '../shared/input-runner';
import type { FlowMessage } from '../shared/messages';
import { createNode } from '../shared/migrate';
import type { NodeRuntime } from '../shared/node-type';
import { availabilityPayload } from '../shared/polled-node';
import { settingText } from '../shared/settings';
import { attachToConnection, findConnection, noConnection } from './device-connection';

interface Config extends NodeDef {
  connection: string;
  operation: string;
  /** of a log that names none */
  severity?: string;
  /** of a log that does not say */
  persist?: boolean;
}

export function runtime(RED: NodeAPI): NodeRuntime<Node, Config> {
  function EnapterTelemetry(this: Node, config: Config): void {
    createNode(RED, this, config);
    const device = attachToConnection(RED, this, config.connection, (availability) => {
      const payload = availabilityPayload(RED, availability);
      this.send({ topic: device?.info.name ?? '', device: device?.info, payload });
    });

    const publish = (msg: FlowMessage): null => {
      const found = device ?? findConnection(RED, config.connection);
      if (!found) throw noConnection();
      const { connection } = found;
      if (config.operation === 'log') {
        const given = isRecord(msg.payload) ? msg.payload : { message: msg.payload };
        const severity = given.severity ?? (settingText(config.severity) || 'info');
        const persist = given.persist ?? config.persist ?? false;
        connection.publishLog({ ...given, severity, persist });
      } else {
        const kind = config.operation === 'properties' ? 'properties' : 'telemetry';
        found.warn(connection.publishValues(kind, this.id, msg.payload));
      }
      return null;
    };
    onInput(RED, this, publish, new ErrorStream(RED, this));
  }

  return { create: EnapterTelemetry };
}
