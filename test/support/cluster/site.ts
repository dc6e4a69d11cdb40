import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';

import mqtt, { type MqttClient } from 'mqtt';

import { pack } from '../../../scripts/verify/tarball';
import { projectRoot, readManifest } from '../../../scripts/support/project-root';
import { startPoweropti } from '../../../simulators/poweropti';
import { Pusher, startPowersentrix, UpsModel } from '../../../simulators/powersentrix';
import { COMMANDS } from '../enapter-device';
import { Mosquitto } from '../mosquitto';
import type { Seeded } from '../seeded';
import { installPackage } from '../user-dir';
import { Acts } from './acts';
import { Balancer } from './balancer';
import { Engine, type EngineProgram } from './engine';
import { clusterFlow, COMPANY, METERS, PUSH_INTERVAL, UPSES } from './flow';
import { Instance, NEWCOMER } from './instance';
import type { Span } from './judge';
import { HttpLoad } from './load';
import type { Note } from './notes';

const NAMES = ['a', 'b', 'c'] as const;
/** A meter that only another flow file has. */
export const MORE_METER = 'meter5';
/** ms that a copy is kept and its command carried out */
const DRAIN = NEWCOMER + 1500;

/** An MQTT command that was sent to the device that the flow is. */
export interface SentCommand {
  at: number;
  id: string;
}

export interface SiteOptions {
  program: EngineProgram;
  spread: 'none' | 'flow';
  random: Seeded;
  /** without it each instance acts for itself: what all of this is there to prevent */
  isCluster?: boolean;
}

/** Three Node-REDs from the packed package with one flow file, an engine, a broker, and devices that note all they are asked. */
export class Site {
  readonly engine: Engine;
  readonly acts = new Acts();
  readonly instances: Instance[] = [];
  readonly balancer = new Balancer(() => this.ports());
  readonly sent: SentCommand[] = [];
  readonly load: HttpLoad;
  readonly hasGates = 'cluster-gate' in readManifest(projectRoot())['node-red'].nodes;
  flows = clusterFlow({ gates: this.hasGates });
  private readonly folder = mkdtempSync(join(tmpdir(), 'cluster-site-'));
  private readonly mosquitto = new Mosquitto();
  private readonly closers: (() => Promise<void> | void)[] = [];
  private loaded: Promise<void> | undefined;

  constructor(private readonly options: SiteOptions) {
    this.engine = new Engine(options.program);
    this.load = new HttpLoad(options.random, () =>
      this.instances.flatMap(({ name, runtime }) => (runtime ? [{ name, url: runtime.url }] : [])),
    );
  }

  async start(): Promise<void> {
    await this.engine.start();
    await this.mosquitto.prepare();
    await this.mosquitto.start();
    const installed = mkdtempSync(join(this.folder, 'installed-'));
    await installPackage(installed, pack(projectRoot(), this.folder).path);
    await this.startDevices(installed);
    await Promise.all(this.instances.map((one) => one.start(this.flows)));
    await this.startPushes();
    await this.startCommands();
    await this.settle();
    this.loaded = this.load.run();
  }

  /** The owner of a device. */
  ownerOf(device: string = UPSES[0]): Instance {
    return this.instance(this.acts.ownerOf(device) ?? '');
  }

  instance(name: string): Instance {
    const found = this.instances.find((one) => one.name === name);
    if (!found) throw new Error(`no instance ${name}`);
    return found;
  }

  /** Devices at which an instance did the last thing. */
  devicesOf(name: string): string[] {
    return [...UPSES, ...METERS].filter((device) => this.acts.ownerOf(device) === name);
  }

  notes(): Note[] {
    return this.instances.flatMap((one) => one.notes());
  }

  /** Waits until all may own and each device is read. */
  async settle(): Promise<void> {
    const running = this.instances.filter(({ isRunning }) => isRunning);
    const ready = Math.max(...running.map(({ begun }) => begun)) + NEWCOMER + 1000;
    await setTimeout(Math.max(0, ready - Date.now()));
    const since = Date.now();
    const devices = [...UPSES, ...METERS];
    while (
      !devices.every((device) => this.acts.all.some((act) => act.device === device && act.at >= since))
    ) {
      if (Date.now() > since + 30_000) {
        const read = devices.filter((device) =>
          this.acts.all.some((act) => act.device === device && act.at >= since),
        );
        throw new Error(`within 30 s only ${read.join(', ')} were read\n${this.lastLines()}`);
      }
      await setTimeout(100);
    }
  }

  /** What happens meanwhile is judged; the span ends when all of it has come to an end. */
  async observe(fault: () => Promise<void>): Promise<Span> {
    const from = Date.now();
    await fault();
    const to = Date.now();
    await setTimeout(DRAIN);
    return { from, to };
  }

  async close(): Promise<void> {
    this.load.stop();
    for (const instance of this.instances) instance.thaw();
    await Promise.all(this.instances.map((one) => one.close()));
    await this.loaded;
    for (const close of this.closers.reverse()) await close();
    await this.balancer.close();
    await this.mosquitto.close();
    await this.acts.close();
    await this.engine.close();
    rmSync(this.folder, { recursive: true, force: true });
  }

  private lastLines(): string {
    return this.instances
      .flatMap(({ name, runtime }) => (runtime?.log ?? []).slice(-8).map((line) => `${name}: ${line}`))
      .join('\n');
  }

  private ports(): number[] {
    return this.instances.flatMap(({ runtime, isFrozen }) => (runtime && !isFrozen ? [runtime.port] : []));
  }

  private async startDevices(installed: string): Promise<void> {
    const sims = await Promise.all([
      ...UPSES.map(async (name) => ({ name, ...(await startPowersentrix()) })),
      ...[...METERS, MORE_METER].map(async (name) => {
        const sim = await startPoweropti();
        return { name, http: sim.http, apiKey: sim.apiKey, close: () => sim.close() };
      }),
    ]);
    for (const sim of sims) this.closers.push(() => sim.close());
    const apiKeys = Object.fromEntries(sims.map(({ name, apiKey }) => [name, apiKey]));
    for (const name of NAMES) {
      const devices: Record<string, string> = {};
      for (const sim of sims) {
        devices[sim.name.toUpperCase()] = await this.acts.door(sim.http, sim.name, name);
      }
      const instance = new Instance({
        ...{ name, folder: this.folder, installed, devices, apiKeys, spread: this.options.spread },
        isCluster: this.options.isCluster !== false,
        enginePort: () => this.engine.port,
        mqttPort: () => this.mosquitto.plainPort,
      });
      await instance.open();
      this.instances.push(instance);
    }
  }

  private async startPushes(): Promise<void> {
    await this.balancer.open();
    const model = new UpsModel();
    const serverUrl = `${this.balancer.url}/powersentrix`;
    const pusher = new Pusher(model, { serverUrl, companyId: COMPANY, interval: PUSH_INTERVAL * 1000 });
    await pusher.boot();
    let count = 0;
    const timer = setInterval(() => model.record('I/X01', `entry ${++count}`), 1500);
    this.closers.push(() => {
      clearInterval(timer);
      pusher.close();
      model.close();
    });
  }

  private async startCommands(): Promise<void> {
    const client: MqttClient = await mqtt.connectAsync(`mqtt://127.0.0.1:${this.mosquitto.plainPort}`);
    client.on('error', () => undefined);
    const timer = setInterval(() => {
      const id = `command-${this.sent.length}`;
      this.sent.push({ at: Date.now(), id });
      client.publish(COMMANDS, JSON.stringify({ id, name: 'x' }), { qos: 1 });
    }, 1500);
    this.closers.push(() => {
      clearInterval(timer);
      client.end(true);
    });
  }
}
