import { networkInterfaces } from 'node:os';

import type { Node, NodeAPI, NodeDef } from 'node-red';

import { type DeviceError, invalidInput, toDeviceError } from '../../lib/core/errors';
import { givenText } from '../../lib/core/given';
import { Notices } from '../../lib/core/notices';
import { cleanText } from '../../lib/core/redact';
import { type Push, sameCmm } from '../../lib/powersentrix/push';
import { isPathSecret, mountPath, parseReceiverPath } from '../../lib/powersentrix/push-address';
import { PushRegistry, type Registration } from '../../lib/powersentrix/registry';
import { diagnosticsQuery } from '../shared/diagnostics';
import { onClose } from '../shared/input-runner';
import { createNode } from '../shared/migrate';
import type { NodeRuntime } from '../shared/node-type';
import { claimDevice } from '../shared/shared-state';
import { errorText, noticeText, translate } from '../shared/text';
import type { HttpInSettings } from './http-nodes';
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
  /** how many requests below its path were refused, by status */
  refused: Record<number, number>;
  /** Whether a device looks after this UPS. */
  isAssigned: (cmm: string) => boolean;
  /** Hands every push of one UPS on. @returns ends that */
  attach: (cmm: string, handler: PushHandler) => () => void;
}

/** The checked settings. @throws DeviceError INVALID_INPUT */
function checkedSettings(config: Config, credentials: Partial<Credentials>) {
  const base = parseReceiverPath(givenText(config.path));
  const secret = givenText(credentials.secret);
  const companyId = givenText(credentials.companyId);
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

/** Refusals between two lines in the log: a UPS with a wrong identifier shall be noticed, and a flood shall not fill it. */
const REFUSALS_A_LINE = 1000;

/** Counts refusals. */
function refusalCounter(RED: NodeAPI, node: ReceiverNode): (status: number) => void {
  let all = 0;
  return (status) => {
    node.refused[status] = (node.refused[status] ?? 0) + 1;
    all++;
    if (all % REFUSALS_A_LINE !== 0) return;
    const statuses = Object.entries(node.refused).map(([code, count]) => `${code}: ${count}`);
    node.warn(translate(RED, 'log.pushesRefused', { count: all, statuses: statuses.join(', ') }));
  };
}

/** The addresses under which this machine may be reached, for the Server URL. */
function ownAddresses(): string[] {
  return Object.values(networkInterfaces())
    .flatMap((list) => list ?? [])
    .filter(({ internal, family }) => !internal && family === 'IPv4')
    .map(({ address }) => address);
}

/** Whether Node-RED serves no HTTP nodes at all. */
const isRootOff = (RED: NodeAPI): boolean => (RED.settings as HttpInSettings).httpNodeRoot === false;

export function runtime(RED: NodeAPI): NodeRuntime<ReceiverNode, Config> {
  function UpsReceiver(this: ReceiverNode, config: Config): void {
    createNode(RED, this, config);
    const handlers = new Map<string, Set<PushHandler>>();
    this.isAssigned = (cmm) => handlers.has(cmm);
    this.registry = new PushRegistry(this.isAssigned, (notice) => this.warn(noticeText(RED, notice)));
    this.refused = {};
    this.attach = (typed, handler) => {
      const cmm = sameCmm(typed);
      const list = handlers.get(cmm) ?? new Set();
      handlers.set(cmm, list.add(handler));
      return () => {
        list.delete(handler);
        if (list.size === 0) handlers.delete(cmm);
      };
    };
    const onPush = (push: Push, address: string): void => {
      const registration = this.registry.note(push, address, Date.now());
      for (const handler of handlers.get(push.cmm) ?? []) {
        try {
          handler(push, registration);
        } catch (thrown) {
          // The UPS has done its part, and the other listeners shall hear of it.
          this.error(errorText(RED, toDeviceError(thrown)));
        }
      }
    };

    const middlewareErrors = new Notices((notice) => this.warn(noticeText(RED, notice)));

    try {
      const settings = checkedSettings(config, this.credentials);
      if (isRootOff(RED)) {
        throw invalidInput(
          'Node-RED has no HTTP nodes: httpNodeRoot is false in its settings, so no UPS can push.',
          'httpNodeRootOff',
        );
      }
      if (!claimDevice(RED, this, `${TYPE} ${settings.base}`, true)) {
        throw invalidInput(
          'Another receiver has this path already. Give each one a path of its own.',
          'receiverTwice',
        );
      }
      const remove = addPushRoutes(RED, {
        ...settings,
        node: this,
        onPush,
        onRefusal: refusalCounter(RED, this),
        onMiddlewareError: (error) => {
          const message = cleanText(error instanceof Error ? error.message : String(error));
          middlewareErrors.once({ reason: 'middlewareFailed', params: { message } });
        },
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
        // The editor is told "/" where there is no root at all.
        root: isRootOff(RED) ? null : mountPath(RED.httpNode.path()),
        adminRoot: mountPath((RED.settings as { httpAdminRoot?: unknown }).httpAdminRoot),
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
