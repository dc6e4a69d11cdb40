import type { Node, NodeAPI, NodeDef } from 'node-red';

import { createNode } from '../shared/migrate';
import type { NodeRuntime } from '../shared/node-runtime';
import { readSettings } from '../shared/read-settings';
import { STATUS, statusSetter } from '../shared/status';
import { errorText, translate } from '../shared/text';
import { connectionOf, statusOfConnection } from './device-connection';
import { form } from './enapter-command-in.form';

export function runtime(RED: NodeAPI): NodeRuntime {
  function EnapterCommandIn(this: Node, config: NodeDef): void {
    createNode(RED, this, config);
    const { settings, problem } = readSettings(RED, this, form, config);
    if (problem) this.warn(errorText(RED, problem));
    const setStatus = statusSetter(RED, this);
    const { connection, command, timeout } = settings;

    connectionOf(RED, this, connection, problem).follow((device) => {
      setStatus(device ? STATUS.waiting() : STATUS.unconfigured());
      if (!device) return undefined;
      const leave = device.attach(this, (availability) => setStatus(statusOfConnection(availability)));
      const { stop, alone } = device.connection.desk.listen({
        // Empty: every command that no other node takes.
        command,
        timeout: timeout * 1000,
        take: ({ id, name, arguments: payload }) => {
          this.send({
            topic: name,
            payload,
            // The response finds its way back by these two, also out of a copy of the message.
            command: { id, name, connection },
            device: device.info,
          });
        },
      });
      if (!alone) this.warn(translate(RED, 'log.enapterCommandTwice'));
      return () => {
        stop();
        leave();
      };
    });
  }

  return { create: EnapterCommandIn };
}
