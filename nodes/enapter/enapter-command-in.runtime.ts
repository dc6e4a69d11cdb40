import type { Node, NodeAPI, NodeDef } from 'node-red';

import { onClose } from '../shared/input-runner';
import { createNode } from '../shared/migrate';
import type { NodeRuntime } from '../shared/node-type';
import { readSettings } from '../shared/read-settings';
import { translate } from '../shared/text';
import { attachToConnection } from './device-connection';
import { form } from './enapter-command-in.form';

export function runtime(RED: NodeAPI): NodeRuntime {
  function EnapterCommandIn(this: Node, config: NodeDef): void {
    createNode(RED, this, config);
    const { connection, command, timeout } = readSettings(RED, this, form, config).settings;
    const device = attachToConnection(RED, this, connection);
    if (!device) return;

    const { stop, alone } = device.connection.desk.listen({
      // Empty: every command that no other node takes.
      command,
      timeout: timeout * 1000,
      take: ({ id, name, arguments: payload }) => {
        this.send({
          topic: name,
          payload,
          // The answer finds its way back by these two, also out of a copy of the message.
          command: { id, name, connection },
          device: device.info,
        });
      },
    });
    if (!alone) this.warn(translate(RED, 'log.enapterCommandTwice'));
    onClose(this, () => {
      stop();
      return Promise.resolve();
    });
  }

  return { create: EnapterCommandIn };
}
