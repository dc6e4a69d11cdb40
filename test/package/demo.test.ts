import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startPoweropti } from '../../simulators/poweropti';

const DEMO = path.resolve(__dirname, '../../scripts/demo.js');
const FIRST_READING = /^First reading: (-?\d+) W from "(.+)" after \d+\.\d s$/m;

type Environment = Record<string, string>;

/** The demo as a child process, with what it has printed so far. */
class Demo {
  output = '';
  readonly child: ChildProcess;
  private readonly exited: Promise<[number | null, string | null]>;
  private changed: () => void = () => undefined;

  constructor(environment: Environment, ...args: string[]) {
    // An empty address is none: whoever runs the tests may have set a real one.
    const env = {
      ...process.env,
      POWEROPTI_HOST: '',
      POWEROPTI_KEY: '',
      POWERCONTROLLER_TOKEN: '',
      PORT: '0',
      ...environment,
    };
    this.child = spawn(process.execPath, [DEMO, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.output += text;
        this.changed();
      });
    }
    // 'close' comes after the last output, 'exit' may come before it.
    this.exited = once(this.child, 'close') as Promise<[number | null, string | null]>;
    running.push(this);
  }

  /** Resolves when the output matches; rejects with the output when the demo ends without. */
  async until(pattern: RegExp): Promise<RegExpExecArray> {
    const ended = this.exited.then(() => true);
    for (;;) {
      const match = pattern.exec(this.output);
      if (match) return match;
      const changed = new Promise<false>((resolve) => (this.changed = () => resolve(false)));
      if ((await Promise.race([changed, ended])) && !pattern.test(this.output)) {
        throw new Error(`the demo ended without ${String(pattern)}:\n${this.output}`);
      }
    }
  }

  async url(): Promise<string> {
    const [, url = ''] = await this.until(/^Editor: (http:\/\/127\.0\.0\.1:\d+)\/$/m);
    return url;
  }

  /** Waits for the end; the exit code. */
  async code(): Promise<number | null> {
    const [code] = await this.exited;
    return code;
  }

  stop(signal: NodeJS.Signals): Promise<number | null> {
    this.child.kill(signal);
    return this.code();
  }
}

const running: Demo[] = [];

interface LiveData {
  now: number;
  heatPump?: { text?: string; since?: number };
  ups?: { status?: { outputs: unknown[] } };
  heater?: { update?: object };
  garage?: { load?: number; site?: object };
  enapter?: { meter?: boolean; values?: object };
  meter?: {
    name?: string;
    reading?: { timestamp: string; power: number };
    availability?: { available: boolean; reason?: { code: string } };
  };
  sun?: {
    power: { sun: number };
    boiler?: { text?: string };
    car?: { text?: string };
    plan?: { text?: string };
  };
  cost?: {
    demand?: { allowedPower: number | null; windowEnd: string };
    usage?: { day: { cost: number | null }; currency: string };
  };
}

async function live(url: string): Promise<LiveData> {
  const response = await fetch(`${url}/live/data`);
  assert.equal(response.status, 200);
  return (await response.json()) as LiveData;
}

/** A message on its way through the flow needs a moment after the line that announces it. */
async function liveUntil(url: string, wanted: (data: LiveData) => boolean): Promise<LiveData> {
  for (;;) {
    const data = await live(url);
    if (wanted(data)) return data;
  }
}

describe('demo (npm start)', function () {
  this.timeout(120_000);
  let folder: string;
  let flowsFile: string;
  let original: string;

  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'energy-demo-'));
    flowsFile = path.join(folder, 'flows.json');
  });

  after(async () => {
    // Whatever a failed test has left running.
    for (const { child } of running) child.kill('SIGKILL');
    await Promise.all(running.map((demo) => demo.code()));
    await rm(folder, { recursive: true, force: true });
  });

  // A start takes a second or more, so these tests share one.
  describe('with its simulators', () => {
    let demo: Demo;
    let url: string;

    before(async () => {
      demo = new Demo({ DEMO_USER_DIR: folder });
      url = await demo.url();
      original = await readFile(flowsFile, 'utf8');
    });

    it('prints the first reading and serves it as live data', async () => {
      const [, watts, name] = await demo.until(FIRST_READING);
      assert.equal(name, 'Grid meter');
      assert.ok(Number.isInteger(Number(watts)));
      const { now, meter } = await liveUntil(url, (data) => data.meter?.reading !== undefined);
      assert.equal(meter?.name, 'Grid meter');
      assert.ok(Number.isInteger(meter.reading?.power));
      assert.ok(Math.abs(now - Date.parse(String(meter.reading?.timestamp))) < 10_000);
      assert.doesNotMatch(demo.output, /Warning|Error/);
    });

    it('serves what all five systems tell as live data', async () => {
      const known = ({ meter, ups, heater, garage, enapter }: LiveData): boolean =>
        [meter?.reading, ups?.status, heater?.update, garage?.load, garage?.site, enapter?.values].every(
          (part) => part !== undefined,
        );
      const { ups } = await liveUntil(url, known);
      assert.equal(ups?.status?.outputs.length, 12);
    });

    it('puts its nodes first in the palette', async () => {
      const settings = (await (await fetch(`${url}/settings`)).json()) as {
        editorTheme: { palette: { categories: { order: string[] } } };
      };
      assert.equal(settings.editorTheme.palette.categories.order[0], 'energy_devices');
    });

    it('says why each load is on or off', async () => {
      const { sun } = await liveUntil(
        url,
        ({ sun: told }) => !!told?.boiler?.text && !!told.car?.text && !!told.plan?.text?.includes('·'),
      );
      assert.match(String(sun?.boiler?.text), /^(?:on|off) · /);
      assert.match(String(sun?.car?.text), /^(?:on|off) · /);
    });

    it('lets the heat pump take the surplus, which the meter then sees', async () => {
      const flows = JSON.parse(original) as { id: string; name?: string }[];
      const press = async (name: string): Promise<void> => {
        const button = flows.find((node) => node.name === name);
        assert.equal((await fetch(`${url}/inject/${button?.id}`, { method: 'POST' })).status, 200);
      };
      await press('Export 3000 W');
      const { heatPump } = await liveUntil(
        url,
        ({ meter, heatPump: told }) =>
          meter?.reading?.power === -2000 && told?.text?.startsWith('on · ') === true,
      );
      assert.equal(typeof heatPump?.since, 'number');
      await press('Work again');
    });

    it('serves window, allowance and cost as live data', async () => {
      const { cost } = await liveUntil(url, (data) => typeof data.cost?.usage?.day.cost === 'number');
      assert.equal(cost?.usage?.currency, 'EUR');
      assert.ok(Date.parse(String(cost.demand?.windowEnd)) > Date.now() - 5000);
      assert.equal(typeof cost.demand?.allowedPower, 'number');
    }).timeout(120_000);

    it('shows a live page that needs nothing from elsewhere, with and without a slash', async () => {
      assert.match(demo.output, new RegExp(`^Live page: ${url}/live$`, 'm'));
      const page = await fetch(`${url}/live`);
      assert.equal((await fetch(`${url}/live/`)).status, 200);
      assert.match(String(page.headers.get('content-type')), /^text\/html/);
      const html = await page.text();
      assert.match(html, /^<!doctype html>/);
      assert.doesNotMatch(html, /(src|href)="(https?:)?\/\//);
    });

    it('fails at the push of a button', async () => {
      const flows = JSON.parse(original) as { id: string; name?: string }[];
      const button = flows.find((node) => node.name === 'Wrong key');
      assert.ok(button);
      assert.equal((await fetch(`${url}/inject/${button.id}`, { method: 'POST' })).status, 200);
      // The line in the log comes with the poll that fails.
      await demo.until(/^\S+ (Warning|Error): Grid meter: /m);
      const { meter } = await liveUntil(url, (data) => data.meter?.availability?.available === false);
      assert.equal(meter?.availability?.reason?.code, 'AUTH_FAILED');
    });

    it('says in one line that its port is in use, and leaves the folder of the first one alone', async () => {
      const { port } = new URL(url);
      const second = new Demo({ DEMO_USER_DIR: folder, PORT: port }, '--reset');
      assert.equal(await second.code(), 1);
      const other = Number(port) + 1;
      assert.equal(
        second.output,
        `Port ${port} is in use. Start with another one: PORT=${other} npm start\n`,
      );
      assert.equal(await readFile(flowsFile, 'utf8'), original);
    });

    it('ends with Ctrl-C', async () => {
      assert.equal(await demo.stop('SIGINT'), 0);
    });
  });

  describe('started again', () => {
    it('keeps an edited flow over a restart, and uses a real device that the environment names', async () => {
      const edited = original.replaceAll('"Grid meter"', '"Meter in the cellar"');
      await writeFile(flowsFile, edited);
      const real = await startPoweropti({ apiKey: 'real-key-123', path: '/lan/meter1' });
      real.setPower(4711);

      const device = { POWEROPTI_HOST: real.url, POWEROPTI_KEY: real.apiKey };
      const demo = new Demo({ DEMO_USER_DIR: folder, ...device });
      const [, watts, name] = await demo.until(FIRST_READING);
      assert.deepEqual([watts, name], ['4711', 'Meter in the cellar']);
      assert.match(demo.output, new RegExp(`the real device at ${real.url}$`, 'm'));
      assert.doesNotMatch(demo.output, /real-key-123/);
      assert.equal(await demo.stop('SIGTERM'), 0);
      assert.equal(await readFile(flowsFile, 'utf8'), edited);
      await real.close();
    });

    it('has its first flow back after --reset', async () => {
      const demo = new Demo({ DEMO_USER_DIR: folder }, '--reset');
      await demo.url();
      assert.equal(await readFile(flowsFile, 'utf8'), original);
      assert.equal(await demo.stop('SIGINT'), 0);
    });
  });

  it('shows every node type of the package', async () => {
    const root = path.resolve(__dirname, '../../..');
    const read = async (file: string) => JSON.parse(await readFile(path.join(root, file), 'utf8')) as unknown;
    const files = await readdir(path.join(root, 'scripts/demo/flows'));
    const flows = await Promise.all(files.map((file) => read(`scripts/demo/flows/${file}`)));
    const flow = flows.flat() as { id: string; type: string }[];
    const ids = flow.map(({ id }) => id);
    assert.deepEqual(
      ids.filter((id, index) => ids.indexOf(id) !== index),
      [],
      'two systems use one id',
    );
    const { 'node-red': nodeRed } = (await read('package.json')) as { 'node-red': { nodes: object } };
    const shown = new Set(flow.map(({ type }) => type));
    assert.deepEqual(
      Object.keys(nodeRed.nodes).filter((type) => !shown.has(type)),
      [],
    );
  });

  it('refuses what it cannot do, in one line', async () => {
    const foreign = await mkdtemp(path.join(tmpdir(), 'energy-demo-foreign-'));
    const owned = path.join(foreign, 'package.json');
    await writeFile(owned, '{"name": "my-own-node-red"}');
    const unmarked = await mkdtemp(path.join(tmpdir(), 'energy-demo-unmarked-'));
    await writeFile(path.join(unmarked, 'thesis.txt'), 'years of work');
    const used = await mkdtemp(path.join(tmpdir(), 'energy-demo-used-'));
    await writeFile(path.join(used, 'package.json'), '{"name": "energy-devices-demo"}');
    await writeFile(path.join(used, 'demo.pid'), String(process.pid));
    const cases: [Environment, string[], RegExp][] = [
      [{ DEMO_USER_DIR: foreign }, ['--reset'], /is not a folder of this demo/],
      [{ DEMO_USER_DIR: foreign }, [], /is not a folder of this demo/],
      [{ DEMO_USER_DIR: unmarked }, [], /is not a folder of this demo/],
      [{ DEMO_USER_DIR: unmarked }, ['--reset'], /is not a folder of this demo/],
      [{ DEMO_USER_DIR: used }, [], /Another demo \(process \d+\) uses/],
      [{ DEMO_USER_DIR: used }, ['--reset'], /Another demo \(process \d+\) uses/],
      [{ DEMO_USER_DIR: folder, PORT: 'abc' }, [], /PORT must be a number up to 65535, not "abc"/],
      [{ DEMO_USER_DIR: folder }, ['--rest'], /Unknown option --rest/],
      [{ DEMO_USER_DIR: folder, POWEROPTI_HOST: 'poweropti' }, [], /set POWEROPTI_KEY/],
      [
        { DEMO_USER_DIR: path.join(foreign, 'other'), POWERCONTROLLER_TOKEN: 't' },
        [],
        /set POWERCONTROLLER_DEVICE/,
      ],
    ];
    const started = cases.map(([environment, args]) => new Demo(environment, ...args));
    for (const [index, demo] of started.entries()) {
      assert.equal(await demo.code(), 1);
      assert.match(demo.output, cases[index]?.[2] ?? /^$/);
      assert.equal(demo.output.trim().split('\n').length, 1);
    }
    assert.equal(await readFile(owned, 'utf8'), '{"name": "my-own-node-red"}');
    assert.equal(await readFile(path.join(unmarked, 'thesis.txt'), 'utf8'), 'years of work');
    for (const made of [foreign, unmarked, used]) await rm(made, { recursive: true });
  });
});
