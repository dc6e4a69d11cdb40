import type { Node, NodeAPI, NodeDef } from 'node-red';

import { DeviceError } from '../../lib/core/errors';
import { dutyOf } from '../shared/cluster';
import { onInput } from '../shared/input-runner';
import { createNode } from '../shared/migrate';
import type { NodeRuntime } from '../shared/node-runtime';
import { onClose } from '../shared/on-close';
import { readSettings } from '../shared/read-settings';
import { STATUS, statusSetter } from '../shared/status';
import { form } from './cluster-gate.form';

/** Its sender waits for an answer, which nobody else could give. */
function notHere(): DeviceError {
  return new DeviceError('NOT_SUPPORTED', 'Another instance of the cluster owns this part of the flow.', {
    reason: 'clusterGateElsewhere',
    sent: false,
  });
}

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
    onInput(
      RED,
      this,
      (msg) => {
        if (!isOwner()) throw notHere();
        return { send: [msg, null] };
      },
      {
        setStatus,
        passesOn: true,
        // One that waits for its answer comes here all the same, and is told.
        role: ({ res }) => (res === undefined ? 'owner' : 'read'),
        rest: () => STATUS.fresh('status.owner'),
      },
    );
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
