import { networkInterfaces } from 'node:os';

import type { Node, NodeAPI, NodeDef } from 'node-red';

import { invalidInput, toDeviceError } from '../../lib/core/errors';
import { mountPath, parseNodePath } from '../../lib/core/http/target';
import { Notices } from '../../lib/core/notices';
import { cleanText, createRedactor } from '../../lib/core/redact';
import { type Push, sameCmm } from '../../lib/powersentrix/push';
import { isPathSecret } from '../../lib/powersentrix/push-address';
import { PushRegistry } from '../../lib/powersentrix/registry';
import type { PushHandler } from '../../lib/powersentrix/missed-pushes';
import { clusterOf } from '../shared/cluster';
import { ConfigHolder, type ConfigNode, type ConfigTools, findConfig } from '../shared/config-node';
import { diagnosticsQuery } from '../shared/diagnostics';
import type { SettingsOf } from '../shared/form';
import { createNode } from '../shared/migrate';
import type { NodeRuntime } from '../shared/node-runtime';
import { readSettings } from '../shared/read-settings';
import { errorText, translate } from '../shared/text';
import type { HttpInSettings } from '../shared/http-nodes';
import { RECEIVER_TYPE, type ReceiverPart } from './parts';
import { addPushRoutes } from './push-routes';
import { SharedPushes } from './shared-pushes';
import { ReceiverGroup } from './ups-group';
import { form } from './ups-receiver.form';

/** The settings, checked further than the form does. @throws DeviceError INVALID_INPUT */
function checkedSettings({ path, secret, companyId }: SettingsOf<typeof form>) {
  const base = parseNodePath(path);
  if (base === undefined) {
    throw invalidInput(
      'The path may hold letters, digits, dots, dashes and slashes only.',
      'powersentrixReceiverPath',
    );
  }
  if (secret !== '' && !isPathSecret(secret)) {
    throw invalidInput(
      'The secret may hold letters, digits, dots and dashes only.',
      'powersentrixReceiverSecret',
    );
  }
  if (companyId === '') {
    throw invalidInput(
      'Enter the company identifier, as in the UPS. Without it everybody could push.',
      'powersentrixCompanyIdEmpty',
    );
  }
  return { base, secret, companyId };
}

/** Refusals between two lines in the log: a UPS with a wrong identifier shall be noticed, and a flood shall not fill it. */
const REFUSALS_A_LINE = 1000;

/** Counts refusals. */
function refusalCounter(RED: NodeAPI, node: Node, refused: Record<number, number>): (status: number) => void {
  let all = 0;
  return (status) => {
    refused[status] = (refused[status] ?? 0) + 1;
    all++;
    if (all % REFUSALS_A_LINE !== 0) return;
    const statuses = Object.entries(refused).map(([code, count]) => `${code}: ${count}`);
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

export function runtime(RED: NodeAPI): NodeRuntime<ConfigNode<ReceiverPart>> {
  function UpsReceiver(this: ConfigNode<ReceiverPart>, config: NodeDef): void {
    createNode(RED, this, config);
    const read = readSettings(RED, this, form, config);
    const build = ({ claim, onClose, onNotice }: ConfigTools): ReceiverPart => {
      const settings = checkedSettings(read.settings);
      if (isRootOff(RED)) {
        throw invalidInput(
          'Node-RED has no HTTP nodes: httpNodeRoot is false in its settings, so no UPS can push.',
          'powersentrixHttpNodeRootOff',
        );
      }
      if (!claim(settings.base, undefined, true)) {
        throw invalidInput(
          'Another receiver has this path already. Give each one a path of its own.',
          'powersentrixReceiverTwice',
        );
      }
      const cluster = clusterOf(RED);
      const handlers = new Map<string, Set<PushHandler>>();
      const isAssigned = (cmm: string): boolean => handlers.has(cmm) || all.has(cmm);
      const registry = new PushRegistry(isAssigned, onNotice);
      const { interval, currentUnit } = read.settings;
      const all: ReceiverGroup = new ReceiverGroup(RED, this, registry, {
        ...{ interval: interval * 1000, currentUnit },
        ...(cluster ? { missed: (cmm: string) => shared?.missed(cmm) ?? Promise.resolve([]) } : {}),
      });
      onClose(() => all.group.close());
      const refused: Record<number, number> = {};
      const take = (push: Push, address: string): void => {
        const registration = registry.note(push, address, Date.now());
        shared?.noted(registration);
        const ofAll: PushHandler = (...pushed) => all.take(...pushed);
        for (const handler of [...(handlers.get(push.cmm) ?? []), ofAll]) {
          try {
            handler(push, registration);
          } catch (thrown) {
            // The UPS has done its part, and the other listeners shall hear of it.
            this.error(errorText(RED, toDeviceError(thrown)));
          }
        }
      };
      const shared =
        cluster && new SharedPushes(RED, this, cluster, { registry, take, known: (one) => all.add(one) });
      if (shared) onClose((removed) => shared.close(removed));
      const middlewareErrors = new Notices(onNotice);
      // What failed with a push may quote its address, and who knows that could push.
      const redact = createRedactor([settings.secret, settings.companyId]);
      const remove = addPushRoutes(RED, {
        ...settings,
        node: this,
        onPush: shared ? (...pushed) => shared.push(...pushed) : take,
        onRefusal: refusalCounter(RED, this, refused),
        onMiddlewareError: (error) => {
          const message = cleanText(error instanceof Error ? error.message : String(error), redact);
          middlewareErrors.once({ reason: 'powersentrixMiddlewareFailed', params: { message } });
        },
      });
      onClose(remove);
      return {
        registry,
        group: all.group,
        missed: shared && ((typed) => shared.missed(sameCmm(typed))),
        refused,
        isAssigned,
        attach: (typed, handler) => {
          const cmm = sameCmm(typed);
          const list = handlers.get(cmm) ?? new Set();
          handlers.set(cmm, list.add(handler));
          return () => {
            list.delete(handler);
            if (list.size === 0) handlers.delete(cmm);
          };
        },
      };
    };
    this.holder = new ConfigHolder(RED, this, build, read.problem);
  }

  return {
    create: UpsReceiver,
    queries: {
      registrations: (id) => {
        const holder = findConfig<ReceiverPart>(RED, RECEIVER_TYPE, id);
        // The dialog asks every other second, also before the first deploy: that is no error.
        if (!holder) return { upses: [], problem: { reason: 'notDeployed', params: {} } };
        const { offered, problem } = holder;
        const upses = (offered?.registry.all ?? []).map((ups) => ({
          ...ups,
          lastPush: new Date(ups.lastPush).toISOString(),
          assigned: offered?.isAssigned(ups.cmm) === true,
        }));
        return { upses, problem: problem ? { reason: problem.reason, params: problem.params } : null };
      },
      addresses: () => ({
        addresses: ownAddresses(),
        port: RED.settings.uiPort,
        // The editor is told "/" where there is no root at all.
        root: isRootOff(RED) ? null : mountPath(RED.httpNode.path()),
        adminRoot: mountPath((RED.settings as { httpAdminRoot?: unknown }).httpAdminRoot),
      }),
      diagnostics: diagnosticsQuery(RED, RECEIVER_TYPE, (node) => {
        const { holder } = node as ConfigNode<ReceiverPart>;
        return holder.diagnostics((part) => ({
          settings: {},
          refused: part?.refused ?? {},
          upses: part?.registry.all.length ?? 0,
          pushes: (part?.registry.all ?? []).reduce((sum, { pushes }) => sum + pushes, 0),
        }));
      }),
    },
  };
}
