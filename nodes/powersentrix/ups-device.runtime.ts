import type { NodeAPI, NodeDef } from 'node-red';

import { toDeviceError, invalidInput } from '../../lib/core/errors';
import { givenText } from '../../lib/core/given';
import { shapeOf, addressWithoutSecrets } from '../../lib/core/redact';
import { LanClient } from '../../lib/powersentrix/lan-client';
import type { UpsReading } from '../../lib/powersentrix/reading';
import { Ups } from '../../lib/powersentrix/ups';
import { parseZone } from '../../lib/powersentrix/zone';
import type { DialogValues } from '../shared/admin';
import { dutyOf } from '../shared/cluster';
import { ConfigHolder, type ConfigNode, type ConfigTools, findConfig } from '../shared/config-node';
import { diagnosticsQuery } from '../shared/diagnostics';
import type { DeviceBlock } from '../shared/messages';
import { deviceUid } from '../shared/identity';
import { createNode } from '../shared/migrate';
import type { NodeRuntime } from '../shared/node-runtime';
import { PolledDevice } from '../shared/polled-device';
import { readSettings } from '../shared/read-settings';
import { withTransport } from '../shared/shared-state';
import { settingText } from '../shared/settings';
import { errorText } from '../shared/text';
import { tlsOptions } from '../shared/tls';
import { RECEIVER_TYPE, type ReceiverPart } from './parts';
import { type DeviceSettings, sourceOf } from './sources';
import { summaryOf } from './summary';
import { PushTurns } from './push-turns';
import { DEVICE_TYPE } from './ups';
import type { UpsPart } from './parts';
import { UpsState } from './ups-state';
import { form } from './ups-device.form';

interface UpsDeviceNode extends ConfigNode<UpsPart> {
  /** the settings as understood, for diagnostics; no credentials */
  shown: Record<string, unknown>;
}

/**
 * What a UPS is known by: the id that the vendor or the user gave it, else the node's. Its serial number would come with
 * the first status only, and flows that keep things by id or by topic would take it for another device.
 */
const givenId = ({ source, upsId, cmm, deviceUid: uid }: DeviceSettings, nodeId: string): string =>
  ({ cloud: upsId, push: cmm, lan: uid })[source] || nodeId;

/** A limit of 0 V is none. */
const noZero = (limit: number | null): number | null => (limit === 0 ? null : limit);

/** The settings that decide what a status means. */
function statusOptions(settings: DeviceSettings) {
  const { currentUnit, mainsThreshold, mainsHysteresis, lowBattery, lowBatteryMargin } = settings;
  return {
    currentUnit,
    mainsThreshold: noZero(mainsThreshold),
    mainsHysteresis,
    lowBattery: noZero(lowBattery),
    lowBatteryMargin,
  };
}

export function runtime(RED: NodeAPI): NodeRuntime<UpsDeviceNode> {
  function UpsDevice(this: UpsDeviceNode, config: NodeDef): void {
    createNode(RED, this, config);
    const { settings, problem } = readSettings(RED, this, form, config);
    const { source: kind, upsId, cmm, timezone } = settings;
    const shownUrl = addressWithoutSecrets(settings.url);
    const status = statusOptions(settings);
    this.shown = { source: kind, url: shownUrl, interval: settings.interval, timezone, ...status };
    const interval = settings.interval * 1000;
    const source = problem ? undefined : sourceOf(RED, this, settings);

    const infoOf = (ups: Ups, url: string | undefined): DeviceBlock => {
      const { serialNumber, model, mainFirmware } = ups.last?.status.ident ?? {};
      return {
        id: givenId(settings, this.id),
        vendor: 'powersentrix',
        model: model ?? 'PWX-12-4422',
        // As the dialog calls it.
        name: config.name || cmm || shownUrl || upsId || 'UPS',
        ...(serialNumber ? { serialNumber } : {}),
        ...(mainFirmware ? { firmware: mainFirmware } : {}),
        ...(url === undefined ? {} : { url }),
      };
    };
    const build = (tools: ConfigTools): UpsPart => {
      if (!source) throw toDeviceError(problem);
      if (kind === 'lan') deviceUid(this, tools, settings.deviceUid, [settings.apiKey]);
      const zone = timezone === '' ? undefined : parseZone(timezone);
      const way = source.way(tools);
      const { identity } = way;
      const { missed } = source;
      const pushes = kind === 'push' ? { pushInterval: interval, ...(missed ? { missed } : {}) } : {};
      const state = new UpsState(RED, this, identity, () => ups, tools.onClose);
      const ups: Ups = new Ups(
        way,
        { status, zone, ...pushes },
        {
          onReading: (reading) => device.setData(reading),
          onLate: (error) => (turns ? turns.late(error) : device.setError(error)),
          onFault: (thrown) => this.error(errorText(RED, toDeviceError(thrown))),
          onNotice: tools.onNotice,
          onState: () => state.save(),
        },
      );
      state.load();
      const { ready } = state;
      const duty = dutyOf(RED, this);
      const device = new PolledDevice<UpsReading>(RED, this, {
        poll: {
          interval: kind === 'push' ? Infinity : interval,
          errors: tools.errors,
          fetch: ready ? (signal) => ready().then(() => ups.read(signal)) : (signal) => ups.read(signal),
        },
        info: () => infoOf(ups, way.page),
        secrets: () => source.secrets?.() ?? [],
      });
      const turns = duty && kind === 'push' ? new PushTurns(duty, ups, device) : undefined;
      if (turns) tools.onClose(() => turns.end());
      source.attach?.(ups);
      tools.onClose(() => ups.close());
      tools.onClose(() => device.close());
      return { device, ups, cmm: cmm || null, interval };
    };
    const start = (): void => {
      this.holder = new ConfigHolder(RED, this, build, problem);
    };
    start();
    // What could not work without an account or a receiver may work with the one that is there now.
    source?.onReplaced?.(() => {
      if (this.holder.problem) start();
    });
  }

  const readLan = ({ settings, credentials }: DialogValues, signal: AbortSignal) =>
    withTransport(async (transport) => {
      const tls = tlsOptions(RED, settings.tls);
      const { url } = settings;
      const insecureHTTPParser = settings.insecureHTTPParser === true;
      const client = new LanClient({ url, apiKey: credentials.apiKey, tls, insecureHTTPParser }, transport);
      await client.readIdent(signal);
      return summaryOf(await client.readComplex(signal));
    }, RED);

  return {
    create: UpsDevice,
    actions: {
      // The cloud is tested by the account, which knows the login.
      test: async (values, _id, signal) => {
        const { settings } = values;
        if (settings.source !== 'push') return { ups: await readLan(values, signal) };
        const receiver = findConfig<ReceiverPart>(RED, RECEIVER_TYPE, settingText(settings.receiver));
        if (!receiver) {
          throw invalidInput(
            'Deploy the receiver first, then let the UPS register.',
            'powersentrixReceiverNotDeployed',
          );
        }
        const registration = receiver.part.registry.get(givenText(settings.cmm));
        if (!registration) {
          throw invalidInput(
            'No UPS of this identifier has registered with the receiver yet.',
            'powersentrixNotRegistered',
          );
        }
        const { model, serialNumber, lastPush } = registration;
        const lan = settingText(settings.url) === '' ? undefined : await readLan(values, signal);
        return { ups: lan ?? { model, serialNumber }, lastPush: new Date(lastPush).toISOString() };
      },
    },
    queries: {
      // What is known: a dialog that is opened asks no UPS. Before the first deploy nothing is.
      ports: (id) => {
        const last = findConfig<UpsPart>(RED, DEVICE_TYPE, id)?.offered?.ups.last;
        const ports = (last?.status.outputs ?? []).map(({ port, description }) => ({ port, description }));
        return { ports };
      },
      diagnostics: diagnosticsQuery(RED, DEVICE_TYPE, (node) => {
        const { holder, shown } = node as UpsDeviceNode;
        return holder.diagnostics((part) => ({
          settings: shown,
          ...part?.device.diagnostics(({ raw }) => shapeOf(raw)),
        }));
      }),
    },
  };
}
