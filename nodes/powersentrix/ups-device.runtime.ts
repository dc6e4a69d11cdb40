import type { Node, NodeAPI } from 'node-red';

import { Notices } from '../../lib/core/notices';
import { shapeOf, addressWithoutSecrets } from '../../lib/core/redact';
import { givenText } from '../../lib/core/given';
import { oddPartsOf } from '../../lib/powersentrix/complex';
import { LanClient } from '../../lib/powersentrix/lan';
import { PortControl } from '../../lib/powersentrix/port-control';
import { StatusReader, type StatusOptions, zoneText } from '../../lib/powersentrix/status';
import { DEFAULT_LOW_BATTERY_MARGIN, DEFAULT_MAINS_HYSTERESIS } from '../../lib/powersentrix/supply';
import { parseZone, type Zone, zoneOrUndefined } from '../../lib/powersentrix/zone';
import type { DialogValues } from '../shared/admin';
import { diagnosticsQuery } from '../shared/diagnostics';
import { onClose } from '../shared/input-runner';
import { createNode } from '../shared/migrate';
import type { NodeRuntime } from '../shared/node-type';
import { PolledDevice } from '../shared/polled-device';
import { withTransport } from '../shared/shared-state';
import { settingNumber, settingText } from '../shared/settings';
import { noticeText, translate } from '../shared/text';
import { tlsOptions } from '../shared/tls';
import { invalidInput } from '../../lib/core/errors';
import { type DeviceConfig, type DeviceCredentials, makeSource, noControl, type Source } from './sources';
import { summaryOf } from './summary';
import { DEVICE_TYPE, readingOf, type UpsNode, type UpsReading } from './ups';
import type { ReceiverNode } from './ups-receiver.runtime';

/** Seconds, as in the dialog: how often to poll, and how often the firmware pushes. */
const DEFAULT_POLL = 60;
const DEFAULT_PUSH = 300;
/** What is read this often is a load on the UPS; pushes are its own business. */
const SHORTEST_POLL = 5;
const SHORTEST_PUSH = 1;

type ConfigNode = UpsNode & Node<DeviceCredentials>;

function statusOptions(config: DeviceConfig, unreadable: (value: string) => void): StatusOptions {
  const volts = (value: unknown, fallback: number): number => settingNumber(value, fallback, 0, unreadable);
  return {
    currentUnit: config.currentUnit === '10mA' ? '10mA' : 'mA',
    mainsThreshold: volts(config.mainsThreshold, 0) || null,
    mainsHysteresis: volts(config.mainsHysteresis, DEFAULT_MAINS_HYSTERESIS),
    lowBattery: volts(config.lowBattery, 0) || null,
    lowBatteryMargin: volts(config.lowBatteryMargin, DEFAULT_LOW_BATTERY_MARGIN),
  };
}

/**
 * What a UPS is known by: the id that the vendor or the user gave it, else the node's. Its serial number would come with
 * the first status only, and flows that keep things by id or by topic would take it for another device.
 */
function givenId(node: Node, { source, upsId, cmm }: DeviceConfig): string {
  const given = { cloud: settingText(upsId), push: settingText(cmm), lan: '' }[source];
  return given || node.id;
}

export function runtime(RED: NodeAPI): NodeRuntime<ConfigNode, DeviceConfig> {
  function UpsDevice(this: ConfigNode, config: DeviceConfig): void {
    createNode(RED, this, config);
    const unreadable = (value: string): void => this.warn(translate(RED, 'log.settingUnreadable', { value }));
    const options = statusOptions(config, unreadable);
    const pushes = config.source === 'push';
    const interval = settingNumber(config.interval, pushes ? DEFAULT_PUSH : DEFAULT_POLL, 0, unreadable);
    const shortest = pushes ? SHORTEST_PUSH : SHORTEST_POLL;
    const shownUrl = addressWithoutSecrets(settingText(config.url));
    const timezone = settingText(config.timezone);
    let last: UpsReading | undefined;
    let commandReading: UpsReading | undefined;
    let setZone: Zone | undefined;
    let source: Source | undefined;
    let control: PortControl | undefined;
    if (interval < shortest) this.warn(translate(RED, 'log.intervalRaised', { seconds: shortest }));

    const reader = new StatusReader(options);
    const notices = new Notices((notice) => this.warn(noticeText(RED, notice)));
    const read = (raw: UpsReading['raw']): UpsReading => {
      // What is odd in a push the receiver has named.
      if (!pushes)
        for (const part of oddPartsOf(raw)) notices.once({ reason: 'upsOddPart', params: { part } });
      return (last = readingOf(raw, reader, Date.now()));
    };
    this.device = new PolledDevice<UpsReading>(RED, this, {
      build: () => {
        if (timezone !== '') setZone = parseZone(timezone);
        source = makeSource({
          RED,
          node: this,
          config,
          interval: Math.max(interval, shortest) * 1000,
          read,
          push: (reading) => this.device.setData(reading),
          fail: (error) => this.device.setError(error),
        });
        if (source.link) {
          // What a command reads on its way is as good as a polled status; a pushing device is judged by its pushes.
          const onRead =
            config.source === 'push'
              ? {}
              : { onRead: (raw: UpsReading['raw']) => this.device.setData((commandReading = read(raw))) };
          control = new PortControl(source.link, onRead);
        }
        const { fetch, ...poll } = source.poll;
        return {
          ...poll,
          fetch: async (signal) => {
            const before = commandReading;
            const reading = await fetch(signal);
            // A slow answer from before a command is older than what the command saw; told now, the port would seem to
            // have changed twice.
            return commandReading === before || !commandReading ? reading : (last = commandReading);
          },
        };
      },
      info: () => {
        const ident = last?.status.ident;
        const firmware = ident?.mainFirmware;
        const serialNumber = ident?.serialNumber;
        return {
          id: givenId(this, config),
          vendor: 'PowerSentrix',
          model: ident?.model ?? 'PWX-12-4422',
          // As the dialog calls it.
          name: config.name || settingText(config.cmm) || shownUrl || settingText(config.upsId) || 'UPS',
          ...(serialNumber ? { serialNumber } : {}),
          ...(firmware ? { firmware } : {}),
        };
      },
      settings: { source: config.source, url: shownUrl, interval, timezone, ...options },
      secrets: () => source?.secrets?.() ?? [],
    });

    this.ups = {
      identity: source?.identity ?? '',
      cmm: () => settingText(config.cmm) || null,
      zone: () => setZone ?? zoneOrUndefined(last && zoneText(last.raw)),
      control: () => {
        if (this.device.problem) throw this.device.problem;
        if (!control) throw noControl();
        return control;
      },
      onPush: (handler) => source?.onPush?.(handler) ?? (() => undefined),
      ...(source?.pullLogs ? { pullLogs: source.pullLogs } : {}),
      ...(source?.portal ? { portal: source.portal } : {}),
    };
    onClose(this, () => {
      control?.close();
      return Promise.resolve();
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
        const receiver = RED.nodes.getNode(settingText(settings.receiver)) as ReceiverNode | null | undefined;
        if (receiver?.type !== 'ups-receiver') {
          throw invalidInput('Deploy the receiver first, then let the UPS register.', 'receiverNotDeployed');
        }
        if (receiver.problem) throw receiver.problem;
        const registration = receiver.registry.get(givenText(settings.cmm));
        if (!registration) {
          throw invalidInput(
            'No UPS of this identifier has registered with the receiver yet.',
            'notRegistered',
          );
        }
        const { model, serialNumber, lastPush } = registration;
        const lan = settingText(settings.url) === '' ? undefined : await readLan(values, signal);
        return { ups: lan ?? { model, serialNumber }, lastPush: new Date(lastPush).toISOString() };
      },
    },
    queries: {
      diagnostics: diagnosticsQuery(RED, DEVICE_TYPE, (node) =>
        (node as ConfigNode).device.diagnostics(({ raw }) => shapeOf(raw)),
      ),
    },
  };
}
