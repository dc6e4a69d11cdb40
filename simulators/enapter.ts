import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';

import { type BrokerOptions, type Published, type SimBroker, startBroker } from './enapter/broker';
import type { ExecutionRecord } from './enapter/executions';
import { routes } from './enapter/routes';
import { Rules } from './enapter/rules';
import { IDS, type Protocol, Store } from './enapter/store';
import { projectRoot } from '../scripts/support/project-root';
import { controlRoutes } from './support/control';
import { Faults, type SimServer, startHttp } from './support/server';

export { IDS };

export interface EnapterOptions {
  /** HTTP; default any free port. */
  port?: number;
  /** MQTT; default any free port. */
  mqttPort?: number;
  /** What X-Enapter-Auth-Token must be. */
  token?: string;
  /** MQTTS; default any free port. */
  mqttsPort?: number;
  /**
   * PEM for MQTTS: the broker's pair, the authority, and the pair that every device gets. With it, the broker speaks TLS
   * alone; without it there is a second one for MQTTS, with the pairs of the tests.
   */
  tls?: BrokerOptions['tls'] & { clientKey: string; clientCert: string };
  /** ms that the EMS waits for a device to end a command. */
  commandTimeout?: number;
}

interface Pending {
  record: ExecutionRecord;
  end: () => void;
}

/**
 * A simulated Enapter EMS on loopback: the HTTP API v3 with a store of devices, and a real MQTT broker for standalone
 * devices. The two belong together: a command over HTTP reaches a device over MQTT, and its telemetry shows in HTTP.
 */
export class EnapterSimulator {
  readonly store = new Store();
  readonly rules = new Rules(this.store.sites.get().timezone);
  readonly faults = new Faults();
  readonly token: string;
  readonly executions = new Map<string, ExecutionRecord>();
  http!: SimServer;
  broker!: SimBroker;
  /** That of MQTTS. */
  secure!: SimBroker;
  private readonly tls: NonNullable<EnapterOptions['tls']>;
  private readonly pending = new Map<string, Pending>();
  private readonly timers = new Set<NodeJS.Timeout>();

  /** Use {@link startEnapter}. */
  constructor(private readonly options: EnapterOptions) {
    this.token = options.token ?? 'demo-access-token';
    this.tls = options.tls ?? testPairs();
  }

  /** What a user enters as address. */
  get url(): string {
    return `${this.http.url}/v3`;
  }

  private get brokers(): ReadonlySet<SimBroker> {
    return new Set([this.broker, this.secure]);
  }

  /** Makes a configuration as `generate_config` answers it. */
  generateConfig(id: string, protocol: Protocol): Record<string, unknown> {
    const { hardwareId, channelId, password } = this.store.renewPassword(id);
    const { tls } = this;
    const isSecure = protocol === 'MQTTS';
    const credentials = isSecure
      ? { private_key: tls.clientKey, certificate: tls.clientCert, ca_chain: tls.ca }
      : { username: hardwareId, password };
    return {
      mqtt_host: '127.0.0.1',
      mqtt_port: (isSecure ? this.secure : this.broker).port,
      mqtt_credentials: credentials,
      mqtt_protocol: protocol,
      time_sync_protocol: 'HTTP',
      time_sync_host: '127.0.0.1',
      time_sync_port: 80,
      hardware_id: hardwareId,
      channel_id: channelId,
    };
  }

  /** Sends a command to a device. Resolves with its execution when it has ended, or its time has. */
  execute(id: string, name: string, args: Record<string, unknown> = {}): Promise<ExecutionRecord> {
    const now = new Date().toISOString();
    const record: ExecutionRecord = {
      id: randomUUID(),
      device_id: id,
      state: 'IN_PROGRESS',
      created_at: now,
      request: { name, arguments: args, created_at: now },
      response: null,
      log: [],
    };
    this.executions.set(record.id, record);
    const { hardware_id: hardware, channel_id: channel } = this.store.get(id).communication;
    const body = JSON.stringify({ id: record.id, name, arguments: args });
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        record.state = 'TIMEOUT';
        end();
      }, this.options.commandTimeout ?? 5000);
      const end = (): void => {
        clearTimeout(timer);
        this.timers.delete(timer);
        this.pending.delete(record.id);
        resolve(record);
      };
      this.timers.add(timer);
      this.pending.set(record.id, { record, end });
      for (const broker of this.brokers) {
        broker.publish(`v1/to/${hardware}/${channel}/v1/command/requests`, body).catch(() => undefined);
      }
    });
  }

  async start(): Promise<void> {
    const { mqttPort, mqttsPort, tls } = this.options;
    this.broker = await startBroker({
      ...(mqttPort === undefined ? {} : { port: mqttPort }),
      ...(tls ? { tls } : {}),
      admit: (username, password) => this.store.passwords.get(username) === password && password !== '',
    });
    const port = mqttsPort === undefined ? {} : { port: mqttsPort };
    this.secure = tls ? this.broker : await startBroker({ ...port, tls: this.tls });
    for (const broker of this.brokers) broker.onPublish = (message) => this.onPublish(message);
    this.http = await startHttp(routes(this), {
      ...(this.options.port === undefined ? {} : { port: this.options.port }),
      faults: this.faults,
      control: controlRoutes(
        this.faults,
        () => false,
        () => this.faults.clear(),
      ),
    });
  }

  async close(): Promise<void> {
    for (const timer of this.timers) clearTimeout(timer);
    await Promise.all([this.http, ...this.brokers].map((one) => one.close()));
  }

  private onPublish({ topic, json }: Published): void {
    const [, direction, hardware = '', , ...rest] = topic.split('/');
    if (direction !== 'from' || typeof json !== 'object' || json === null) return;
    const values = json as Record<string, unknown>;
    switch (rest.join('/')) {
      case 'v1/telemetry':
        this.store.publish(hardware, 'telemetry', values);
        return;
      case 'v1/register':
      case 'v1/properties':
        this.store.publish(hardware, 'properties', values);
        return;
      case 'v1/command/responses':
        this.onResponse(values);
    }
  }

  private onResponse({ id, state, payload }: Record<string, unknown>): void {
    const found = this.pending.get(String(id));
    if (!found) return;
    const line = (name: string) => ({ state: name, payload, received_at: new Date().toISOString() });
    if (state === 'log') {
      found.record.log.push(line('IN_PROGRESS'));
      return;
    }
    const succeeded = state === 'completed';
    found.record.state = succeeded ? 'SUCCESS' : 'ERROR';
    found.record.response = line(succeeded ? 'SUCCEEDED' : 'ERROR');
    found.end();
  }
}

/** The pairs of the tests: a simulated EMS on loopback guards nothing. */
function testPairs(): NonNullable<EnapterOptions['tls']> {
  const read = (name: string): string =>
    readFileSync(path.join(projectRoot(), 'test/fixtures/broker-tls', name), 'utf8');
  return {
    ca: read('ca.pem'),
    cert: read('server.pem'),
    key: read('server.key'),
    clientCert: read('client.pem'),
    clientKey: read('client.key'),
  };
}

/** Starts a simulated EMS. Failing on demand: `faults`, `broker.kill()`, and `POST /_sim/fault`. */
export async function startEnapter(options: EnapterOptions = {}): Promise<EnapterSimulator> {
  const simulator = new EnapterSimulator(options);
  await simulator.start();
  return simulator;
}
