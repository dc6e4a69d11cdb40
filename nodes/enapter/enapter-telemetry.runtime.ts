import type { Node, NodeAPI, NodeDef } from 'node-red';

import { isRecord } from '../../lib/core/units';
import { ErrorStream } from '../shared/error-stream';
import { onInput } from '../shared/input-runner';
import type { FlowMessage } from '../shared/messages';
import { createNode } from '../shared/migrate';
import type { NodeRuntime } from '../shared/node-type';
import { availabilityPayload } from '../shared/polled-node';
import { readSettings } from '../shared/read-settings';
import { attachToConnection, findConnection, noConnection } from './device-connection';
import { form } from './enapter-telemetry.form';

export function runtime(RED: NodeAPI): NodeRuntime {
  function EnapterTelemetry(this: Node, config: NodeDef): void {
    createNode(RED, this, config);
    const { settings, problem } = readSettings(RED, this, form, config);
    const device = attachToConnection(RED, this, settings.connection, (availability) => {
      const payload = availabilityPayload(RED, availability);
      this.send({ topic: device?.info.name ?? '', device: device?.info, payload });
    });

    const publish = (msg: FlowMessage): null => {
      const found = device ?? findConnection(RED, settings.connection);
      if (!found) throw noConnection();
      if (problem) throw problem;
      const { connection } = found;
      if (settings.operation === 'log') {
        const given = isRecord(msg.payload) ? msg.payload : { message: msg.payload };
        const severity = given.severity ?? settings.severity;
        const persist = given.persist ?? settings.persist;
        connection.publishLog({ ...given, severity, persist });
      } else {
        found.warn(connection.publishValues(settings.operation, this.id, msg.payload));
      }
      return null;
    };
    onInput(RED, this, publish, new ErrorStream(RED, this));
  }

  return { create: EnapterTelemetry };
}
