import type { NodeAPI, NodeDef } from 'node-red';

import { systemClock } from '../../lib/core/clock';
import type { DeviceError } from '../../lib/core/errors';
import type { Transport } from '../../lib/core/http/transport';
import { parseBaseUrl } from '../../lib/core/http/url';
import type { PollerOptions } from '../../lib/core/poll/options';
import type { RecentErrors } from '../../lib/core/poll/recent-errors';
import { shapeOf, addressWithoutSecrets } from '../../lib/core/redact';
import { PoweroptiClient, type PoweroptiResponse, type PoweroptiSettings } from '../../lib/poweropti/client';
import { sameId } from '../../lib/poweropti/announced';
import { MeterFinder } from '../../lib/poweropti/find';
import { addressOf, FollowedMeter, placeOf } from '../../lib/poweropti/follow';
import { StandstillWatch } from '../../lib/poweropti/gate';
import { ConfigHolder, type ConfigNode, type ConfigTools } from '../shared/config-node';
import { diagnosticsQuery } from '../shared/diagnostics';
import { deviceUid } from '../shared/identity';
import type { DeviceBlock } from '../shared/messages';
import { createNode } from '../shared/migrate';
import type { SettingsOf } from '../shared/form';
import type { NodeRuntime } from '../shared/node-runtime';
import { type DeviceDefinition, PolledDevice, type PolledPart } from '../shared/polled-device';
import { readSettings } from '../shared/read-settings';
import { withTransport } from '../shared/shared-state';
import { translate } from '../shared/text';
import { settleTickets, Tickets } from './announced-id';
import { foundDevices } from './found-devices';
import { form } from './poweropti-device.form';

const TYPE = 'poweropti-device';

const baseUrlOf = (address: unknown): string => parseBaseUrl(address, 'http').replace(/\/value$/, '');

interface MeterPart extends PolledPart<PoweroptiResponse> {
  /** where its address is followed */
  followed?: FollowedMeter<PoweroptiResponse, PoweroptiClient>;
}

interface MeterNode extends ConfigNode<MeterPart> {
  /** the settings as understood, for diagnostics; no credentials */
  shown: Record<string, unknown>;
}

/** By itself only where the key is what the device tells everybody: who forges an announcement learns nothing new. */
function follows({ follow: chosen, apiKey, announcedId }: SettingsOf<typeof form>): boolean {
  return announcedId !== '' && (chosen === 'on' || (chosen === 'auto' && sameId(apiKey, announcedId)));
}

/**
 * How a meter is read and what it is called. A class, and what else is needed made apart: a closure keeps everything of the
 * function that it was made in, and there are thousands.
 */
class Meter implements DeviceDefinition<PoweroptiResponse>, PollerOptions<PoweroptiResponse> {
  readonly poll = this;

  constructor(
    private readonly reader: Pick<PoweroptiClient, 'read'>,
    private readonly standstill: StandstillWatch,
    readonly interval: number,
    private readonly called: { id: string; name: string },
    readonly errors: RecentErrors,
  ) {}

  fetch(signal: AbortSignal): Promise<PoweroptiResponse> {
    return this.reader.read(signal);
  }

  assess({ reading }: PoweroptiResponse): DeviceError | undefined {
    return this.standstill.assess(reading.timestamp);
  }

  /** The device tells no serial number, and its first key is its device id. */
  info(): DeviceBlock {
    const { id, name } = this.called;
    return { id, vendor: 'powerfox', model: 'poweropti', name };
  }
}

const clientMaker =
  (settings: Omit<PoweroptiSettings, 'host'>, transport: Transport) =>
  (host: string): PoweroptiClient =>
    new PoweroptiClient({ ...settings, host }, transport);

export function runtime(RED: NodeAPI): NodeRuntime<MeterNode> {
  const finder = new MeterFinder();
  const tickets = new Tickets();

  const follow = (
    node: MeterNode,
    { warn }: ConfigTools,
    { baseUrl }: PoweroptiClient,
    clientAt: (address: string) => PoweroptiClient,
    id: string,
  ): FollowedMeter<PoweroptiResponse, PoweroptiClient> | undefined => {
    const place = placeOf(baseUrl);
    if (!place) {
      warn('followPlain');
      return undefined;
    }
    return new FollowedMeter({
      place,
      readerAt: (there) => clientAt(addressOf(there)),
      look: (host, signal) => finder.look(id, place.port, host, signal),
      resolve: (name) => finder.resolve(name),
      onMoved: (there) => node.log(translate(RED, 'log.followed', { address: addressOf(there) })),
    });
  };

  function PoweroptiDevice(this: MeterNode, config: NodeDef): void {
    createNode(RED, this, config);
    if (settleTickets(RED, this)) this.warn(translate(RED, 'log.announcedLost'));
    const { settings, problem } = readSettings(RED, this, form, config);
    const { host, apiKey, announcedId, insecureHTTPParser, interval, staleAfter } = settings;
    const shownHost = addressWithoutSecrets(host);
    this.shown = { host: shownHost, interval, staleAfter, follow: settings.follow };

    const build = (tools: ConfigTools): MeterPart => {
      const { onNotice, errors } = tools;
      const secrets = announcedId === '' ? [] : [announcedId];
      const clientAt = clientMaker({ apiKey, insecureHTTPParser, onNotice, secrets }, tools.transport());
      const client = clientAt(host);
      const standstill = new StandstillWatch(staleAfter * 1000, systemClock);
      const uid = deviceUid(this, tools, settings.deviceUid, [apiKey]);
      tools.claim(client.baseUrl, 'deviceTwice');
      const followed = follows(settings) ? follow(this, tools, client, clientAt, announcedId) : undefined;
      const name = config.name || shownHost || 'poweropti';
      const meter = new Meter(followed ?? client, standstill, interval * 1000, { id: uid, name }, errors);
      const device = new PolledDevice<PoweroptiResponse>(RED, this, meter);
      tools.onClose(device);
      return { device, ...(followed ? { followed } : {}) };
    };
    this.holder = new ConfigHolder(RED, this, build, problem);
  }

  return {
    create: PoweroptiDevice,
    actions: {
      test: ({ settings, credentials }, id, signal) =>
        withTransport(async (transport) => {
          const isAt = (address: string): boolean => baseUrlOf(settings.host) === baseUrlOf(address);
          const client = new PoweroptiClient(
            {
              host: settings.host,
              apiKey: tickets.keyOf(RED, id, credentials.apiKey, isAt),
              insecureHTTPParser: settings.insecureHTTPParser === true,
            },
            transport,
          );
          const { reading } = await client.read(signal);
          return { reading };
        }, RED),
    },
    // Neither sends a secret to anybody.
    local: {
      find: async ({ credentials }, id, signal) => {
        const key = tickets.comparable(RED, id, credentials.apiKey);
        const { meters, responses, full } = await finder.find(signal);
        return { devices: foundDevices(meters, key, tickets), heard: responses > 0, full };
      },
      adopt: async ({ settings }, id) => {
        await tickets.adopt(RED, TYPE, id, settings.ticket);
        return {};
      },
    },
    queries: {
      diagnostics: diagnosticsQuery(RED, TYPE, (node) => {
        const { holder, shown } = node as MeterNode;
        return holder.diagnostics((part) => ({
          settings: { ...shown, followed: part?.followed?.at ?? null },
          ...part?.device.diagnostics(({ raw }) => shapeOf(raw)),
        }));
      }),
    },
  };
}
