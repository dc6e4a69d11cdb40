import type { Node, NodeAPI, NodeDef, NodeStatus } from 'node-red';

import { systemClock } from '../../lib/core/clock';
import { type DeviceError, invalidInput, toDeviceError } from '../../lib/core/errors';
import type { Permission } from '../../lib/home-assistant/entity';
import { commandTopics, rootsOf } from '../../lib/home-assistant/ids';
import { HomeAssistantExport } from '../../lib/home-assistant/life-cycle';
import type { ExportNotice, ExportOptions, ExportSubscription } from '../../lib/home-assistant/port';
import { clusterOf, dutyOf } from '../shared/cluster';
import { besideOf } from '../shared/cluster-face';
import { ErrorStream } from '../shared/error-stream';
import type { SettingsOf } from '../shared/form';
import { NOTHING, onInput } from '../shared/input-runner';
import { createNode } from '../shared/migrate';
import type { NodeRuntime } from '../shared/node-runtime';
import { onClose } from '../shared/on-close';
import { readSettings } from '../shared/read-settings';
import { claimDevice } from '../shared/shared-state';
import { type SetStatus, STATUS, statusSetter } from '../shared/status';
import { errorText, translate } from '../shared/text';
import { VERSION } from '../shared/version';
import { BrokerAccess } from './broker';
import { CommandJournal, CommandListener } from './heard';
import { form } from './home-assistant-device.form';

type Settings = SettingsOf<typeof form>;

/** A node as its dialog reaches it. */
interface HomeAssistantNode extends Node {
  exporter?: HomeAssistantExport;
}

/** How the broker is to give what each subscription brings. MQTT 3.1.1 knows only the first of these. */
const SUBSCRIBE: Readonly<Record<ExportSubscription['kind'], object>> = {
  config: { qos: 1, nl: true },
  connection: { qos: 1, nl: true },
  energy: { qos: 1, nl: true },
  birth: { qos: 1 },
  presence: { qos: 1 },
  // QoS 1 would be kept while Node-RED is away; nothing retained is sent, and what was published as retained says so.
  command: { qos: 0, rh: 2, rap: true },
};

export function runtime(RED: NodeAPI): NodeRuntime<HomeAssistantNode> {
  /** What the dialog has shown of a node, so that nothing else is removed. */
  const listed = new WeakMap<HomeAssistantExport, string[]>();
  const exporterOf = (id: string): HomeAssistantExport | undefined =>
    (RED.nodes.getNode(id) as HomeAssistantNode | null | undefined)?.exporter;

  function HomeAssistantDevice(this: HomeAssistantNode, config: NodeDef): void {
    createNode(RED, this, config);
    const { settings, problem } = readSettings(RED, this, form, config);
    const setStatus = statusSetter(RED, this);
    let fault = problem;
    try {
      if (!fault) this.exporter = begin(RED, this, settings, setStatus);
    } catch (thrown) {
      fault = toDeviceError(thrown);
    }
    if (!fault) return;
    const said: DeviceError = fault;
    this.warn(errorText(RED, said));
    onInput(RED, this, () => NOTHING, { setStatus, problem: () => said });
  }

  return {
    ownerOnly: true,
    create: HomeAssistantDevice,
    beside(config) {
      return listen(RED, this, config);
    },
    queries: {
      stale: (id) => {
        const exporter = exporterOf(id);
        if (!exporter) return undefined;
        const devices = exporter.stale();
        listed.set(
          exporter,
          devices.map(({ device }) => device),
        );
        return { devices };
      },
    },
    local: {
      removeStale: (_, id) => {
        const exporter = exporterOf(id);
        if (!exporter) throw invalidInput('Deploy the node first.', 'notDeployed');
        return Promise.resolve({ count: exporter.removeStale(listed.get(exporter) ?? []) });
      },
    },
  };
}

function permissionsOf({ allowSwitch, allowRestart, allowTarget, allowLimit }: Settings): Set<Permission> {
  const allowed: Record<Permission, boolean> = {
    ...{ switch: allowSwitch, restart: allowRestart, target: allowTarget, limit: allowLimit },
  };
  return new Set((Object.keys(allowed) as Permission[]).filter((one) => allowed[one]));
}

/** @throws DeviceError INVALID_INPUT for topics that are none, and where there is no broker */
function optionsOf(RED: NodeAPI, node: Node, settings: Settings): ExportOptions {
  const roots = rootsOf({ prefix: settings.prefix, root: settings.root });
  return {
    roots,
    birth: settings.birth === '' ? `${roots.prefix}/status` : settings.birth,
    permissions: permissionsOf(settings),
    every: settings.every * 1000,
    watch: Math.round(settings.watch * 60),
    largestPower: settings.largestPower * 1000,
    removes: settings.onDelete === 'remove',
    instance: node.id,
    version: VERSION,
    words: (word, params) => translate(RED, `entity.${word}`, params),
  };
}

function begin(RED: NodeAPI, node: Node, settings: Settings, setStatus: SetStatus): HomeAssistantExport {
  const options = optionsOf(RED, node, settings);
  const broker = BrokerAccess.of(RED, settings.broker, node.id, {
    connected: () => {
      exporter.connected();
      show();
    },
    disconnected: () => {
      exporter.disconnected();
      show();
    },
  });
  const duty = dutyOf(RED, node);
  const journal = new CommandJournal(RED, node);
  // One that owned the devices and stood still is connected still: what it says late would stand in place of the owner's word.
  const isConnected = (): boolean => broker.connected && (duty?.tells ?? true);
  const claimed = `home-assistant ${broker.key} ${options.roots.root}`;
  const exporter = new HomeAssistantExport(options, {
    clock: systemClock,
    isConnected,
    publish: (publication) => {
      if (isConnected()) broker.publish(publication);
    },
    presence: () => broker.presence,
    claim: (device) => claimDevice(RED, node, `${claimed} ${device}`, true),
    command: (message, heard) => journal.begin(heard, () => node.send({ ...message })),
    notice: (notice) => node.warn(noticeWords(RED, notice)),
    changed: () => show(),
  });
  const state = (): NodeStatus => stateOf(RED, broker, exporter);
  const show = (): void => setStatus(state());

  onInput(
    RED,
    node,
    (msg) => {
      exporter.take(msg);
      return NOTHING;
    },
    { setStatus, rest: state, errors: new ErrorStream(RED, node) },
  );
  onClose(node, async (removed) => {
    exporter.close(removed);
    await journal.close();
    await broker.end(removed);
  });
  const stood = broker.connected;
  broker.begin(
    exporter.subscriptions().map(({ topic, kind }) => ({
      topic,
      options: SUBSCRIBE[kind],
      heard: (at, payload, packet) =>
        exporter.received(
          kind,
          at,
          Buffer.isBuffer(payload) ? payload.toString('utf8') : '',
          packet.retain === true,
        ),
    })),
  );
  if (stood) exporter.stoodBefore();
  const beside = besideOf(node);
  if (beside instanceof CommandListener) exporter.takeUp(beside.left(journal.begun));
  return exporter;
}

/** Hears commands on each instance, so that one that comes while nobody owns the devices is carried out by who does next. */
function listen(RED: NodeAPI, node: Node, config: NodeDef): CommandListener | undefined {
  const cluster = clusterOf(RED);
  const commands = cluster?.cluster?.commands;
  if (!cluster || !commands) return undefined;
  // What is wrong with the settings is told by the node that is made at the owner.
  const quiet = Object.assign(Object.create(node) as Node, { warn: () => undefined });
  const { settings, problem } = readSettings(RED, quiet, form, config);
  if (problem) return undefined;
  try {
    const { roots, permissions } = optionsOf(RED, node, settings);
    const unmoved = { connected: () => undefined, disconnected: () => undefined };
    const broker = BrokerAccess.of(RED, settings.broker, `${node.id} commands`, unmoved);
    // Two instances with one client id would end each other's connections.
    if (permissions.size === 0 || broker.isNamed) return undefined;
    return new CommandListener(broker, commandTopics(roots), SUBSCRIBE.command, {
      lingers: () => commands.lingers,
      waits: () => commands.waits,
      hasOwner: () => cluster.hasOwner(node),
    });
  } catch {
    return undefined;
  }
}

/** How many devices Home Assistant is told of, and what somebody should look at. */
function stateOf(RED: NodeAPI, broker: BrokerAccess, exporter: HomeAssistantExport): NodeStatus {
  if (!broker.connected) return { fill: 'yellow', shape: 'ring', text: 'status.UNREACHABLE' };
  const { devices, removed, stale } = exporter.counts;
  const parts = [translate(RED, 'shown.devices', { count: devices })];
  if (removed > 0) parts.push(translate(RED, 'shown.removed', { count: removed }));
  if (stale > 0) parts.push(translate(RED, 'shown.stale', { count: stale }));
  if (!broker.presence) parts.push(translate(RED, 'shown.noWill'));
  const text = parts.join(', ');
  return removed > 0 || !broker.presence ? STATUS.attention(text) : STATUS.fresh(text);
}

/** A line of the log for what has happened. */
function noticeWords(RED: NodeAPI, notice: ExportNotice): string {
  switch (notice.kind) {
    case 'counter': {
      const { event } = notice;
      return event.kind === 'newBase'
        ? translate(RED, 'log.homeAssistantNewBase', { wattHours: event.leftOut / 1000 })
        : translate(RED, 'log.homeAssistantLimitRaised', { kilowatts: event.watts / 1000 });
    }
    case 'removed':
      return translate(RED, 'log.homeAssistantRemoved', { name: notice.name });
    case 'twoPublishers':
      return translate(RED, 'log.homeAssistantTwoPublishers', { name: notice.name });
    case 'commandUnknown':
      return translate(RED, 'log.homeAssistantCommandUnknown', { name: notice.name });
    case 'leftOut':
      return translate(RED, 'log.homeAssistantLeftOut', { name: notice.name, count: notice.count });
  }
}
