import type { Node, NodeAPI, NodeDef } from 'node-red';

import { portCommand } from '../../lib/powersentrix/input';
import { onInput } from '../shared/input-runner';
import { topicOf } from '../shared/messages';
import { createNode } from '../shared/migrate';
import type { NodeRuntime } from '../shared/node-runtime';
import { readSettings } from '../shared/read-settings';
import { translate } from '../shared/text';
import { upsOf } from './ups';
import { form } from './ups-port.form';

export function runtime(RED: NodeAPI): NodeRuntime {
  function UpsPort(this: Node, config: NodeDef): void {
    createNode(RED, this, config);
    const { settings, problem } = readSettings(RED, this, form, config);
    const { port, action, device } = settings;
    const ups = upsOf(RED, this, device, problem);
    const fixed = { port, ...(action === 'msg' ? {} : { action }) };

    onInput(
      RED,
      this,
      async (msg, { signal, busy }) => {
        const found = ups.part;
        const control = found.ups.commands;
        const command = portCommand(msg.payload, msg.port, fixed);
        busy();
        const outcome = await control.run(command, signal);
        const fallback = outcome.on ? 'on' : 'off';
        const state = translate(RED, `portState.${fallback}`, {}, fallback);
        const info = found.device.info();
        return {
          send: { ...msg, topic: topicOf(msg, info.name), device: info, payload: outcome },
          status: `${outcome.port}: ${state}`,
        };
      },
      {
        config: ups,
        role: 'command',
        single: settings.single,
        commands: () => ({ vendor: 'powersentrix', id: ups.offered?.device.info().id }),
      },
    );
  }

  return { create: UpsPort };
}
