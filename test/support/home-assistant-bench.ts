import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { projectRoot } from '../../scripts/support/project-root';
import { pack } from '../../scripts/verify/tarball';
import { type PowersentrixSimulator, startPowersentrix } from '../../simulators/powersentrix';
import { type HaEntity, HomeAssistant } from './home-assistant';
import { type FlowOptions, homeAssistantFlow, Observer, WITH_WILL } from './home-assistant-flow';
import { Mosquitto } from './mosquitto';
import { type FlowNode, type Runtime, startRuntime } from './runtime';

type Options = Omit<FlowOptions, 'port'>;

/** A real Home Assistant, a mosquitto, a simulated UPS, and the packed package in a real Node-RED. */
export class HomeAssistantBench {
  readonly assistant = new HomeAssistant();
  private readonly mosquitto = new Mosquitto();
  private readonly userDir = mkdtempSync(join(tmpdir(), 'home-assistant-node-red-'));
  private parts: { ups: PowersentrixSimulator; runtime: Runtime; observer: Observer } | undefined;

  async open(): Promise<void> {
    await this.mosquitto.prepare();
    await this.mosquitto.start();
    const ups = await startPowersentrix();
    const folder = mkdtempSync(join(tmpdir(), 'home-assistant-pack-'));
    try {
      const [runtime] = await Promise.all([
        this.startRuntime(ups, pack(projectRoot(), folder).path),
        this.assistant.begin(this.mosquitto.plainPort),
      ]);
      this.parts = { ups, runtime, observer: await Observer.of(this.mosquitto.plainPort) };
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }

  async close(): Promise<void> {
    await this.parts?.observer.end();
    await this.parts?.runtime.stop();
    await this.assistant.close();
    await this.parts?.ups.close();
    await this.mosquitto.close();
    rmSync(this.userDir, { recursive: true, force: true });
  }

  private get running(): NonNullable<typeof this.parts> {
    if (!this.parts) throw new Error('the bench is not open');
    return this.parts;
  }

  get ups(): PowersentrixSimulator {
    return this.running.ups;
  }

  get runtime(): Runtime {
    return this.running.runtime;
  }

  get observer(): Observer {
    return this.running.observer;
  }

  flow({ node, broker = WITH_WILL, more = [] }: Options = {}, url = this.ups.url): FlowNode[] {
    const placed = { z: 'tab', x: 100, y: 100 };
    return homeAssistantFlow({
      ...{ port: this.mosquitto.plainPort, broker, commandsTo: ['port'] },
      node: { every: 1, watch: 0.5, allowRestart: true, allowTarget: true, allowLimit: true, ...node },
      more: [
        { id: 'ups', type: 'ups-device', name: 'Server room', source: 'lan', url, interval: 2 },
        { ...placed, id: 'status', type: 'ups-status', scope: 'one', device: 'ups', wires: [['ha'], ['ha']] },
        { ...placed, id: 'port', type: 'ups-port', device: 'ups', port: '', action: 'msg', wires: [['ha']] },
        ...more,
      ],
    });
  }

  private startRuntime(ups: PowersentrixSimulator, packageFrom: string, options?: Options): Promise<Runtime> {
    return startRuntime({
      ...{ userDir: this.userDir, packageFrom, flows: this.flow(options, ups.url) },
      credentials: { ups: { apiKey: ups.apiKey } },
    });
  }

  /** Starts Node-RED again, with the package that it has. */
  async start(options?: Options): Promise<void> {
    this.running.runtime = await this.startRuntime(this.ups, 'none', options);
  }

  deploy(nodes: FlowNode[]): Promise<void> {
    const { apiKey } = this.ups;
    return this.runtime.deploy(
      nodes.map((one) => (one.id === 'ups' ? { ...one, credentials: { apiKey } } : one)),
    );
  }

  /** Ends the broker at once; it keeps nothing. */
  async killBroker(): Promise<void> {
    await this.observer.end();
    await this.mosquitto.kill();
  }

  async startBroker(): Promise<void> {
    await this.mosquitto.start();
    this.running.observer = await Observer.of(this.mosquitto.plainPort);
  }

  async registry(): Promise<Map<string, HaEntity>> {
    return new Map((await this.assistant.entities()).map((one) => [one.unique_id, one]));
  }

  async entity(id: string): Promise<string> {
    return (await this.registry()).get(id)?.entity_id ?? `missing ${id}`;
  }
}
