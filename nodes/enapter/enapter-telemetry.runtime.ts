import type { Node, NodeAPI, NodeDef } from 'node-red';

import { isRecord } from '../../lib/core/values';
import { telemetryOf } from '../../lib/enapter/mqtt/flat';
import { unitsOf } from '../../lib/measurements';
import { ErrorStream } from '../shared/error-stream';
import { type InputResult, NOTHING, onInput } from '../shared/input-runner';
import type { FlowMessage } from '../shared/messages';
import { createNode } from '../shared/migrate';
import type { NodeRuntime } from '../shared/node-runtime';
import { availabilityPayload, lostPayload } from '../shared/polled-node';
import { readSettings } from '../shared/read-settings';
import { STATUS, statusSetter } from '../shared/status';
import { errorText } from '../shared/text';
import { connectionOf, type DeviceConnection, statusOfConnection } from './device-connection';
import { form } from './enapter-telemetry.form';

export function runtime(RED: NodeAPI): NodeRuntime {
  function EnapterTelemetry(this: Node, config: NodeDef): void {
    createNode(RED, this, config);
    const { settings, problem } = readSettings(RED, this, form, config);
    const setStatus = statusSetter(RED, this);
    if (problem) this.warn(errorText(RED, problem));
    const connection = connectionOf(RED, this, settings.connection, problem);
    let device: DeviceConnection | undefined;
    const tell = (payload: Record<string, unknown>): void =>
      this.send({ topic: device?.info.name ?? '', device: device?.info, payload });

    connection.follow((found) => {
      if (!found) {
        if (device) tell(lostPayload(RED, connection.problem));
        device = undefined;
        return undefined;
      }
      device = found;
      return found.attach(this, (availability) => {
        setStatus(statusOfConnection(availability));
        tell(availabilityPayload(RED, availability));
      });
    });

    const publish = (msg: FlowMessage): InputResult => {
      const found = connection.part;
      if (settings.operation === 'log') {
        const given = isRecord(msg.payload) ? msg.payload : { message: msg.payload };
        const severity = given.severity ?? settings.severity;
        const persist = given.persist ?? settings.persist;
        found.connection.publishLog({ ...given, severity, persist });
      } else {
        const { payload, units } = telemetryOf(msg, unitsOf);
        found.warn(found.connection.publishValues(settings.operation, this.id, payload, units));
      }
      return NOTHING;
    };
    onInput(RED, this, publish, {
      role: 'owner',
      setStatus,
      config: connection,
      rest: () => {
        const availability = device?.connection.availability;
        return availability ? statusOfConnection(availability) : STATUS.waiting();
      },
      errors: new ErrorStream(RED, this),
    });
  }

  return { create: EnapterTelemetry };
}
