import type { Node, NodeAPI, NodeDef } from 'node-red';

import { systemClock } from '../../lib/core/clock';
import { shapeOf, addressWithoutSecrets } from '../../lib/core/redact';
import { type PoweroptiAnswer, PoweroptiClient } from '../../lib/poweropti/client';
import { StandstillWatch } from '../../lib/poweropti/gate';
import { diagnosticsQuery } from '../shared/diagnostics';
import { createNode } from '../shared/migrate';
import type { NodeRuntime } from '../shared/node-type';
import { type PolledConfigNode, PolledDevice } from '../shared/polled-device';
import { claimDevice, useTransport, withTransport } from '../shared/shared-state';
import { numberReader, settingText } from '../shared/settings';
import { noticeText, translate } from '../shared/text';

const TYPE = 'poweropti-device';

/** Seconds; the vendor recommends 5 s or more for control, 1 to 2 s for a live display. */
const DEFAULT_INTERVAL = 5;
const SHORTEST_INTERVAL = 1;
const DEFAULT_STALE_AFTER = 60;

interface Config extends NodeDef {
  host: string;
  /** whether answers may deviate from HTTP */
  insecureHTTPParser?: boolean;
  /** s */
  interval: number | string;
  /** s */
  staleAfter: number | string;
}

interface Credentials {
  apiKey: string;
}

type ConfigNode = PolledConfigNode<PoweroptiAnswer> & Node<Credentials>;

export function runtime(RED: NodeAPI): NodeRuntime<ConfigNode, Config> {
  function PoweroptiDevice(this: ConfigNode, config: Config): void {
    createNode(RED, this, config);
    const host = settingText(config.host);
    const shownHost = addressWithoutSecrets(host);
    const number = numberReader(RED, this);
    const interval = number(config.interval, DEFAULT_INTERVAL, 0);
    const staleAfter = number(config.staleAfter, DEFAULT_STALE_AFTER, SHORTEST_INTERVAL);
    if (interval < SHORTEST_INTERVAL)
      this.warn(translate(RED, 'log.intervalRaised', { seconds: SHORTEST_INTERVAL }));

    this.device = new PolledDevice<PoweroptiAnswer>(RED, this, {
      build: () => {
        const client = new PoweroptiClient(
          {
            host,
            apiKey: this.credentials.apiKey,
            insecureHTTPParser: config.insecureHTTPParser === true,
            onNotice: (notice) => this.warn(noticeText(RED, notice)),
          },
          useTransport(RED, this),
        );
        const standstill = new StandstillWatch(staleAfter * 1000, systemClock);
        if (!claimDevice(RED, this, `${TYPE} ${client.baseUrl}`))
          this.warn(translate(RED, 'log.deviceTwice'));
        return {
          fetch: (signal) => client.read(signal),
          interval: Math.max(interval, SHORTEST_INTERVAL) * 1000,
          assess: ({ reading }) => standstill.assess(reading.timestamp),
        };
      },
      // The device tells no serial number, and its first key is its device id, so this node's id is what is stable.
      info: () => ({
        id: this.id,
        vendor: 'powerfox',
        model: 'poweropti',
        name: config.name || shownHost || 'poweropti',
      }),
      settings: { host: shownHost, interval, staleAfter },
    });
  }

  return {
    create: PoweroptiDevice,
    actions: {
      test: ({ settings, credentials }, _id, signal) =>
        withTransport(async (transport) => {
          const client = new PoweroptiClient(
            {
              host: settings.host,
              apiKey: credentials.apiKey,
              insecureHTTPParser: settings.insecureHTTPParser === true,
            },
            transport,
          );
          const { reading } = await client.read(signal);
          return { reading };
        }, RED),
    },
    queries: {
      diagnostics: diagnosticsQuery(RED, TYPE, (node) =>
        (node as ConfigNode).device.diagnostics(({ raw }) => shapeOf(raw)),
      ),
    },
  };
}
