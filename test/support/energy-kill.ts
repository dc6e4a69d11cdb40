import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';

import { LocalTime } from '../../lib/core/zone';
import { type FlowNode, type Runtime, startRuntime } from './runtime';
import { newSeed, Seeded } from './seeded';

/**
 * Kills a real Node-RED at random moments while energy nodes work with the default context store, and holds that no closed
 * period or window is lost, none is told twice without saying so, and the closed days add up to the counter.
 */

const ZONE = 'Europe/Brussels';
const STEP = 10 * 60_000;
const DAY = 86_400_000;
/** s */
const SAVE_EVERY = 1;
/** ms that a process without a turn of the processor may need to carry out what is due */
const SLOW = 4000;

export interface KillReport {
  seed: number;
  kills: number;
  readings: number;
  periods: number;
  windows: number;
  repeated: number;
  /** ms, the age of the oldest reading that a kill has lost from a state; counters make up for it */
  mostLost: number;
  /** Wh */
  days: number;
}

interface Told {
  what: 'period' | 'window';
  key: string;
  kind: string;
  start: string;
  wattHours: number;
  repeated: boolean;
}

function flows(log: string): FlowNode[] {
  const place = { z: 'tab', x: 100, y: 100 };
  // Written at once, so that what is told is known whatever follows.
  const note = (fields: string): string =>
    `global.get('fs').appendFileSync(${JSON.stringify(log)}, JSON.stringify({ ${fields}, key: msg.payload.key, repeated: msg.payload.repeated === true }) + '\\n');`;
  const period = note(
    "what: 'period', kind: msg.payload.period, start: msg.payload.start, wattHours: msg.payload.import",
  );
  const window = note(
    "what: 'window', kind: 'window', start: msg.payload.last.start, wattHours: msg.payload.last.energy",
  );
  const code = (id: string, func: string, to: string[]): FlowNode => ({
    ...place,
    ...{ id, type: 'function', func, outputs: 1, wires: [to] },
  });
  return [
    { id: 'tab', type: 'tab', label: 'kill' },
    { ...place, id: 'in', type: 'http in', url: '/reading', method: 'post', wires: [['keep']] },
    code('keep', 'msg.reading = { ...msg.payload }; return msg;', ['demand']),
    {
      ...place,
      ...{ id: 'demand', type: 'energy-demand', zone: ZONE, window: '15', saveEvery: SAVE_EVERY },
      wires: [['windows'], []],
    },
    code(
      'windows',
      `if (msg.payload.closed) { ${window} return null; } msg.payload = msg.reading; return msg;`,
      ['use'],
    ),
    {
      ...place,
      ...{ id: 'use', type: 'energy-counter', zone: ZONE, hours: true, saveEvery: SAVE_EVERY },
      wires: [['out'], ['periods']],
    },
    { ...place, id: 'out', type: 'http response', statusCode: '200', wires: [] },
    code('periods', `${period} return null;`, []),
  ];
}

/** A run of the campaign: a meter that goes on, and a Node-RED that does not. */
class Campaign {
  private readonly folder = mkdtempSync(join(tmpdir(), 'energy-kill-'));
  private readonly log = join(this.folder, 'told');
  private readonly random: Seeded;
  private runtime: Runtime | undefined;
  private readonly begin: number;
  private time: number;
  private counter = 1_000_000;
  /** the counter at each local midnight that was read */
  private readonly midnights = new Map<number, number>();
  /** when each reading was taken, by its time */
  private readonly taken = new Map<number, number>();
  private mostLost = 0;
  private readonly zone = new LocalTime(ZONE);

  constructor(
    private readonly kills: number,
    private readonly seed: number,
  ) {
    this.random = new Seeded(seed);
    const days = Math.ceil((kills * 90 * STEP) / DAY) + 3;
    this.begin = this.zone.periodAt(Date.now() - days * DAY, 'day').start;
    this.time = this.begin;
  }

  async run(): Promise<KillReport> {
    try {
      for (let i = 0; i < this.kills; i++) await this.round();
      await this.start();
      // Up to the end of a day, so that sums can be compared.
      do await this.read();
      while (this.zone.periodAt(this.time - STEP, 'day').start !== this.time - STEP);
      await this.runtime?.stop();
      return this.judge(this.time - STEP);
    } finally {
      await this.runtime?.kill();
      rmSync(this.folder, { recursive: true, force: true });
    }
  }

  private async start(): Promise<void> {
    this.runtime = await startRuntime({
      userDir: this.folder,
      flows: flows(this.log),
      settingsCode: "{ functionGlobalContext: { fs: require('fs') } }",
    });
  }

  private async round(): Promise<void> {
    await this.start();
    const before = 5 + this.random.below(60);
    for (let n = 0; n < before; n++) await this.read();
    // The next ones are under way when it is killed.
    const underWay = Array.from({ length: 1 + this.random.below(20) }, () => this.read());
    void Promise.allSettled(underWay);
    await setTimeout(this.random.below(60));
    const killed = Date.now();
    await this.runtime?.kill();
    await Promise.allSettled(underWay);
    this.look(killed);
  }

  private async read(): Promise<void> {
    const time = this.time;
    this.time += STEP;
    this.counter += 50 + this.random.below(450);
    const energyImport = this.counter;
    const reply = await this.runtime?.post('reading', {
      timestamp: new Date(time).toISOString(),
      energyImport,
    });
    assert.equal(reply?.status, 200);
    this.taken.set(time, Date.now());
    if (this.zone.periodAt(time, 'day').start === time) this.midnights.set(time, energyImport);
  }

  /** A state is whole, and knows all readings but the newest. */
  private look(killed: number): void {
    const file = join(this.folder, 'energy-devices', 'use.json');
    if (!existsSync(file)) return;
    const kept = JSON.parse(readFileSync(file, 'utf8')) as {
      state: { calculation: { meter: { last: { import?: number } } } };
    };
    const { import: last = 0 } = kept.state.calculation.meter.last;
    for (const [time, at] of this.taken) {
      if (time > last) this.mostLost = Math.max(this.mostLost, killed - at);
    }
    assert.ok(this.mostLost <= SAVE_EVERY * 1000 + SLOW, `${this.mostLost} ms lost, seed ${this.seed}`);
  }

  private judge(end: number): KillReport {
    const told = readFileSync(this.log, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Told);
    const first = new Map<string, Told>();
    let repeated = 0;
    for (const one of told) {
      const before = first.get(one.key);
      if (one.repeated) repeated++;
      else assert.ok(!before, `${one.key} was told twice, seed ${this.seed}`);
      if (before) assert.equal(one.wattHours, before.wattHours, `${one.key}, seed ${this.seed}`);
      else first.set(one.key, one);
    }
    const of = (kind: string): Told[] => [...first.values()].filter((one) => one.kind === kind);
    const sum = (list: readonly Told[]): number =>
      list.reduce((total, { wattHours }) => total + Math.round(wattHours * 1000), 0);
    const expected: [kind: string, length: number][] = [
      ['hour', 3_600_000],
      ['window', 900_000],
    ];
    const firstRead = Math.min(...this.taken.keys());
    for (const [kind, length] of expected) {
      const starts = new Set(of(kind).map(({ start }) => Date.parse(start)));
      const from = this.zone.windowAt(firstRead, length).start;
      for (let at = from; at < end; at += length) {
        assert.ok(starts.has(at), `${kind} ${new Date(at).toISOString()} is lost, seed ${this.seed}`);
      }
    }
    // Between two midnights that were read all that the counter tells is in closed days.
    const midnights = [...this.midnights.keys()];
    const [from, to] = [Math.min(...midnights), Math.max(...midnights)];
    const days = of('day').filter(({ start }) => Date.parse(start) >= from && Date.parse(start) < to);
    const difference = ((this.midnights.get(to) ?? NaN) - (this.midnights.get(from) ?? NaN)) * 1000;
    assert.ok(days.length > 0, 'some days are over');
    assert.equal(sum(days), difference, `seed ${this.seed}`);
    return {
      seed: this.seed,
      kills: this.kills,
      readings: this.taken.size,
      periods: [...first.values()].filter(({ what }) => what === 'period').length,
      windows: of('window').length,
      repeated,
      mostLost: this.mostLost,
      days: difference / 1000,
    };
  }
}

export function runKillCampaign(kills: number, seed: number): Promise<KillReport> {
  return new Campaign(kills, seed).run();
}

/** From the command line: `node energy-kill.js 50`. */
async function main(): Promise<void> {
  const report = await runKillCampaign(Number(process.argv[2] ?? 50), newSeed());
  process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
}

if (require.main === module) void main();
