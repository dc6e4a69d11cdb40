import type { Node, NodeAPI, NodeDef } from 'node-red';

import { toDeviceError } from '../../lib/core/errors';
import { parseCommand, PORT_ACTIONS } from '../../lib/powersentrix/command';
import { onInput } from '../shared/input-runner';
import { topicOf } from '../shared/messages';
import { createNode } from '../shared/migrate';
import type { NodeRuntime } from '../shared/node-type';
import { STATUS, statusOfError, statusSetter } from '../shared/status';
import { translate } from '../shared/text';
import { findUps, noUps } from './ups';

interface Config extends NodeDef {
  device: string;
  /** 0–11; empty: the message says */
  port: number | string;
  /** `msg`: the message says */
  action: string;
}

export function runtime(RED: NodeAPI): NodeRuntime<Node, Config> {
  function UpsPort(this: Node, config: Config): void {
    createNode(RED, this, config);
    const found = findUps(RED, config.device);
    const setStatus = statusSetter(this);
    const fixed = { port: config.port, action: PORT_ACTIONS.find((action) => action === config.action) };
    setStatus(found && !found.device.problem ? STATUS.waiting() : STATUS.unconfigured());
    let running = 0;

    onInput(RED, this, async (msg, { signal }) => {
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
        const device = found.device.info();
        return { ...msg, topic: topicOf(msg, device.name), device, payload: outcome };
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
