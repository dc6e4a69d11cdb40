import type { Node, NodeAPI, NodeDef } from 'node-red';

import { dutyOf } from '../shared/cluster';
import { onInput } from '../shared/input-runner';
import { createNode } from '../shared/migrate';
import type { NodeRuntime } from '../shared/node-runtime';
import { onClose } from '../shared/on-close';
import { readSettings } from '../shared/read-settings';
import { STATUS, statusSetter } from '../shared/status';
import { form } from './cluster-gate.form';

export function runtime(RED: NodeAPI): NodeRuntime {
  function ClusterGate(this: Node, config: NodeDef): void {
    createNode(RED, this, config);
    const { settings } = readSettings(RED, this, form, config);
    const duty = dutyOf(RED, this);
    const setStatus = statusSetter(RED, this);
    const isOwner = (): boolean => duty?.active ?? true;
    let told: boolean | undefined;

    const tell = (): void => {
      const owner = isOwner();
      if (owner) setStatus(STATUS.fresh('status.owner'));
      if (owner === told) return;
      told = owner;
      const payload = { owner, since: new Date().toISOString() };
      this.send([null, { topic: settings.topic || 'owner', payload }]);
    };
    onInput(RED, this, (msg) => ({ send: [msg, null] }), {
      setStatus,
      passesOn: true,
      role: 'owner',
      rest: () => STATUS.fresh('status.owner'),
    });
    // Before that, nobody would hear of it.
    const starting = setImmediate(tell);
    const unfollow = duty?.follow(tell);
    onClose(this, () => {
      clearImmediate(starting);
      unfollow?.();
      return Promise.resolve();
    });
  }

  return { create: ClusterGate };
}
