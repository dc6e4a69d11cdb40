import type { Node, NodeAPI, NodeDef } from 'node-red';

import { toDeviceError } from '../../lib/core/errors';
import { parseCommand } from '../../lib/powersentrix/command';
import { onInput } from '../shared/input-runner';
import { topicOf } from '../shared/messages';
import { createNode } from '../shared/migrate';
import type { NodeRuntime } from '../shared/node-type';
import { readSettings } from '../shared/read-settings';
import { STATUS, statusOfError, statusSetter } from '../shared/status';
import { translate } from '../shared/text';
import { findUps, noUps } from './ups';
import { form } from './ups-port.form';

export function runtime(RED: NodeAPI): NodeRuntime {
  function UpsPort(this: Node, config: NodeDef): void {
    createNode(RED, this, config);
    const { settings, problem } = readSettings(RED, this, form, config);
    const { port, action, device } = settings;
    const found = findUps(RED, device);
    const setStatus = statusSetter(this);
    const fixed = { port, ...(action === 'msg' ? {} : { action }) };
    setStatus(found && !found.device.problem && !problem ? STATUS.waiting() : STATUS.unconfigured());
    let running = 0;

    onInput(RED, this, async (msg, { signal }) => {
      if (problem) throw problem;
      if (!found) throw noUps();
      const control = found.ups.control();
      const command = parseCommand(msg.payload, msg.port, fixed);
      running++;
      setStatus(STATUS.busy());
      try {
        const outcome = await control.run(command, signal);
        const state = translate(
          RED,
          outcome.on ? 'portState.on' : 'portState.off',
          {},
          outcome.on ? 'on' : 'off',
        );
        setStatus(running > 1 ? STATUS.busy() : STATUS.fresh(`${outcome.port}: ${state}`));
        const info = found.device.info();
        return { ...msg, topic: topicOf(msg, info.name), device: info, payload: outcome };
      } catch (thrown) {
        setStatus(statusOfError(toDeviceError(thrown)));
        throw thrown;
      } finally {
        running--;
      }
    });
  }

  return { create: UpsPort };
}
