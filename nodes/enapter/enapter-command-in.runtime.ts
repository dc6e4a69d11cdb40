import type { Node, NodeAPI, NodeDef } from 'node-red';

import { onClose } from '../shared/input-runner';
import { createNode } from '../shared/migrate';
import type { NodeRuntime } from '../shared/node-type';
import { numberReader, settingText } from '../shared/settings';
import { attachToConnection } from './device-connection';
import { translate } from '../shared/text';

const DEFAULT_TIMEOUT = 30;

interface Config extends NodeDef {
  connection: string;
  /** empty: every command that no other node takes */
  command: string;
  /** s */
  timeout?: number | string;
}

export function runtime(RED: NodeAPI): NodeRuntime<Node, Config> {
  function EnapterCommandIn(this: Node, config: Config): void {
    createNode(RED, this, config);
    const device = attachToConnection(RED, this, config.connection);
    if (!device) return;

    const { stop, alone } = device.connection.desk.listen({
      command: settingText(config.command),
      timeout: numberReader(RED, this)(config.timeout, DEFAULT_TIMEOUT, 1) * 1000,
      take: (command) => {
        this.send({
          topic: command.name,
          payload: command.arguments,
          // The answer finds its way back by these two, also out of a copy of the message.
          command: { id: command.id, name: command.name, connection: config.connection },
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
