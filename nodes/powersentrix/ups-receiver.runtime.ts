import { networkInterfaces } from 'node:os';

import type { Node, NodeAPI, NodeDef } from 'node-red';

import { type DeviceError, invalidInput, toDeviceError } from '../../lib/core/errors';
import { isPathSecret, parseReceiverPath, type Push } from '../../lib/powersentrix/push';
import { PushRegistry, type Registration } from '../../lib/powersentrix/registry';
import { diagnosticsQuery } from '../shared/diagnostics';
import { onClose } from '../shared/input-runner';
import { createNode } from '../shared/migrate';
import type { NodeRuntime } from '../shared/node-type';
import { claimDevice } from '../shared/shared-state';
import { settingText } from '../shared/settings';
import { errorText } from '../shared/text';
import { addPushRoutes } from './push-routes';

const TYPE = 'ups-receiver';

interface Config extends NodeDef {
  path: string;
}

interface Credentials {
  companyId: string;
  secret: string;
}

export type PushHandler = (push: Push, registration: Registration) => void;

/** What `ups-device` uses of a receiver. */
export interface ReceiverNode extends Node<Credentials> {
  problem: DeviceError | undefined;
  registry: PushRegistry;
  /** how many requests were refused, by status */
  refused: Record<number, number>;
  /** Whether a device looks after this UPS. */
  isAssigned: (cmm: string) => boolean;
  /** Hands every push of one UPS on. @returns ends that */
  attach: (cmm: string, handler: PushHandler) => () => void;
}

/** The checked settings. @throws DeviceError INVALID_INPUT */
function readSettings(config: Config, credentials: Partial<Credentials>) {
  const base = parseReceiverPath(settingText(config.path));
  const secret = settingText(credentials.secret);
  const companyId = settingText(credentials.companyId);
  if (base === undefined) {
    throw invalidInput('The path may hold letters, digits, dots, dashes and slashes only.', 'receiverPath');
  }
  if (secret !== '' && !isPathSecret(secret)) {
    throw invalidInput('The secret may hold letters, digits, dots and dashes only.', 'receiverSecret');
  }
  if (companyId === '') {
    throw invalidInput(
      'Enter the company identifier, as in the UPS. Without it everybody could push.',
      'companyIdEmpty',
    );
  }
  return { base, secret, companyId };
}

/** The addresses under which this machine may be reached, for the Server URL. */
function ownAddresses(): string[] {
  return Object.values(networkInterfaces())
    .flatMap((list) => list ?? [])
    .filter(({ internal, family }) => !internal && family === 'IPv4')
    .map(({ address }) => address);
}

export function runtime(RED: NodeAPI): NodeRuntime<ReceiverNode, Config> {
  function UpsReceiver(this: ReceiverNode, config: Config): void {
    createNode(RED, this, config);
    const handlers = new Map<string, Set<PushHandler>>();
    this.registry = new PushRegistry();
    this.refused = {};
    this.isAssigned = (cmm) => handlers.has(cmm);
    this.attach = (cmm, handler) => {
      const list = handlers.get(cmm) ?? new Set();
      handlers.set(cmm, list.add(handler));
      return () => {
        list.delete(handler);
        if (list.size === 0) handlers.delete(cmm);
      };
    };
    const onPush = (push: Push, address: string): void => {
      this.registry.note(push, address, Date.now());
      const registration = this.registry.get(push.cmm);
      if (!registration) return;
      for (const handler of handlers.get(push.cmm) ?? []) {
        try {
          handler(push, registration);
        } catch (thrown) {
          // The UPS has done its part, and the other listeners shall hear of it.
          this.error(errorText(RED, toDeviceError(thrown)));
        }
      }
    };

    try {
      const settings = readSettings(config, this.credentials);
      if (!claimDevice(RED, this, `${TYPE} ${settings.base}`, true)) {
        throw invalidInput(
          'Another receiver has this path already. Give each one a path of its own.',
          'receiverTwice',
        );
      }
      const remove = addPushRoutes(RED, {
        ...settings,
        onPush,
        // Counted, not logged: whoever sends rubbish shall not fill the log.
        onRefusal: ({ status }) => (this.refused[status] = (this.refused[status] ?? 0) + 1),
      });
      onClose(this, () => {
        remove();
        return Promise.resolve();
      });
    } catch (thrown) {
      this.problem = toDeviceError(thrown);
      this.error(errorText(RED, this.problem));
    }
  }

  return {
    create: UpsReceiver,
    queries: {
      registrations: (id) => {
        const node = RED.nodes.getNode(id) as ReceiverNode | null | undefined;
        // The dialog asks every other second, also before the first deploy: that is no error.
        if (node?.type !== TYPE) return { upses: [], problem: { reason: 'notDeployed', params: {} } };
        const upses = node.registry.all.map((ups) => ({
          ...ups,
          lastPush: new Date(ups.lastPush).toISOString(),
          assigned: node.isAssigned(ups.cmm),
        }));
        const { problem } = node;
        return { upses, problem: problem ? { reason: problem.reason, params: problem.params } : null };
      },
      addresses: () => ({
        addresses: ownAddresses(),
        port: RED.settings.uiPort,
      }),
      diagnostics: diagnosticsQuery(RED, TYPE, (node) => {
        const { problem, registry, refused } = node as ReceiverNode;
        return {
          settings: {},
          problem: problem?.message ?? null,
          refused,
          upses: registry.all.length,
          pushes: registry.all.reduce((sum, { pushes }) => sum + pushes, 0),
        };
      }),
    },
  };
}
