import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';

import { type PowersentrixSimulator, startPowersentrix } from '../../simulators/powersentrix';
import { type FlowNode, type Runtime, startRuntime } from './runtime';
import { newSeed, Seeded } from './seeded';

/**
 * Kills a real Node-RED at random moments of outages, and holds against the simulated UPS that no port is switched that
 * should not be, none twice, that all come back, and that each outage is recorded.
 */

/** Ports that the plan cuts, in its order; the others are none of its business. */
const CUT = [2, 4, 5];
/** A port of these is off from the start, and stays so. */
const OFF = 5;

export interface OutageKillReport {
  seed: number;
  kills: number;
  outages: number;
  cuts: number;
  restored: number;
  records: number;
  repeated: number;
  messages: number;
}

interface Told {
  what: 'record' | 'message';
  key: string;
  repeated: boolean;
}

function flows(log: string, url: string): FlowNode[] {
  const place = { z: 'tab', x: 100, y: 100, configVersion: 1 };
  // Written at once, so that what is told is known whatever follows.
  const note = (what: string, key: string, repeated: string): string =>
    `global.get('fs').appendFileSync(${JSON.stringify(log)}, JSON.stringify({ what: '${what}', key: ${key}, repeated: ${repeated} === true }) + '\\n'); return null;`;
  const steps = [
    ...CUT.map((port) => ({ action: 'off', port, after: 1, wait: 'none' })),
    { action: 'message', text: 'down', after: 1, wait: 'none' },
  ];
  return [
    { id: 'tab', type: 'tab', label: 'kill' },
    { id: 'ups', type: 'ups-device', name: 'UPS', source: 'lan', url, interval: 5, configVersion: 1 },
    { ...place, id: 'status', type: 'ups-status', device: 'ups', wires: [['plan'], ['plan']] },
    // Asks more often than an interval may be.
    { ...place, id: 'often', type: 'inject', repeat: '1', props: [{ p: 'payload' }], wires: [['status']] },
    {
      ...place,
      ...{
        id: 'plan',
        type: 'ups-outage-plan',
        device: 'ups',
        steps,
        stable: 1,
        charge: 1,
        pause: 0,
        finish: 0,
      },
      wires: [['port'], ['messages'], ['records']],
    },
    { ...place, id: 'port', type: 'ups-port', device: 'ups', port: '', action: 'msg', wires: [['plan']] },
    { ...place, id: 'catch', type: 'catch', scope: ['port'], wires: [['plan']] },
    {
      ...place,
      id: 'records',
      type: 'function',
      func: note('record', 'msg.payload.key', 'msg.payload.repeated'),
    },
    { ...place, id: 'messages', type: 'function', func: note('message', 'msg.outage.key', 'msg.repeated') },
  ].map((node) => ({ wires: [], ...node }));
}

class Campaign {
  private readonly folder = mkdtempSync(join(tmpdir(), 'outage-kill-'));
  private readonly log = join(this.folder, 'told');
  private readonly random: Seeded;
  private readonly switched: { port: number; on: boolean }[] = [];
  private kills = 0;

  constructor(
    private readonly ups: PowersentrixSimulator,
    private readonly outages: number,
    private readonly seed: number,
  ) {
    this.random = new Seeded(seed);
    ups.model.setPort(OFF, false);
    let before = [...ups.model.outputs];
    ups.model.onEvent(() => {
      ups.model.outputs.forEach((on, port) => {
        if (on !== before[port]) this.switched.push({ port, on });
      });
      before = [...ups.model.outputs];
    });
  }

  async run(): Promise<OutageKillReport> {
    let runtime = await this.start();
    const again = async (): Promise<void> => {
      await runtime.kill();
      this.kills++;
      runtime = await this.start();
    };
    try {
      for (let n = 0; n < this.outages; n++) {
        this.switched.length = 0;
        this.ups.model.setMains(false);
        // Somewhere between the first look and the last answer.
        await setTimeout(this.random.below(5000));
        await again();
        await this.until(() => CUT.every((port) => !this.ups.model.outputs[port]), 'all ports off');
        this.ups.model.setMains(true);
        await setTimeout(this.random.below(3000));
        await again();
        await this.until(() => this.told('record').size > n, 'a record');
        if (this.random.chance(0.5)) {
          await setTimeout(this.random.below(18_000));
          await again();
        }
        await this.until(
          () => CUT.every((port) => port === OFF || this.ups.model.outputs[port] === true),
          'all ports on',
        );
        this.judge();
      }
      await runtime.stop();
      return this.report();
    } finally {
      await runtime.kill();
      rmSync(this.folder, { recursive: true, force: true });
    }
  }

  private start(): Promise<Runtime> {
    return startRuntime({
      userDir: this.folder,
      flows: flows(this.log, this.ups.url),
      credentials: { ups: { apiKey: this.ups.apiKey } },
      settingsCode: "{ functionGlobalContext: { fs: require('fs') } }",
    });
  }

  /** By events of the UPS and the file: a test's own time-out ends it otherwise. */
  private async until(isSo: () => boolean, what: string): Promise<void> {
    for (let waited = 0; !isSo(); waited += 100) {
      assert.ok(waited < 120_000, `no ${what}, seed ${this.seed}`);
      await setTimeout(100);
    }
  }

  private all(): Told[] {
    if (!existsSync(this.log)) return [];
    const lines = readFileSync(this.log, 'utf8').trim().split('\n');
    return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Told);
  }

  private told(what: Told['what']): Set<string> {
    return new Set(this.all().flatMap((one) => (one.what === what ? [one.key] : [])));
  }

  /** Of one outage: each port once off and once on, none that is none of the plan's. */
  private judge(): void {
    const expected = CUT.filter((port) => port !== OFF);
    for (const on of [false, true]) {
      const ports = this.switched.filter((one) => one.on === on).map(({ port }) => port);
      assert.deepEqual(ports.sort(), expected, `switched ${on ? 'on' : 'off'}, seed ${this.seed}`);
    }
    assert.equal(this.ups.model.outputs[OFF], false);
  }

  private report(): OutageKillReport {
    const all = this.all();
    for (const [index, { key, repeated, what }] of all.entries()) {
      const before = all.slice(0, index).some((one) => one.key === key && one.what === what);
      assert.ok(!before || repeated, `${what} ${key} was told twice, seed ${this.seed}`);
    }
    const records = this.told('record').size;
    assert.equal(records, this.outages, `records, seed ${this.seed}`);
    const each = CUT.length - 1;
    return {
      ...{ seed: this.seed, kills: this.kills, outages: this.outages, records },
      ...{ cuts: each * this.outages, restored: each * this.outages },
      repeated: all.filter(({ repeated }) => repeated).length,
      messages: this.told('message').size,
    };
  }
}

export async function runOutageKills(outages: number, seed: number): Promise<OutageKillReport> {
  const ups = await startPowersentrix();
  try {
    return await new Campaign(ups, outages, seed).run();
  } finally {
    await ups.close();
  }
}

/** From the command line: `node outage-kill.js 20`. */
async function main(): Promise<void> {
  const report = await runOutageKills(Number(process.argv[2] ?? 20), newSeed());
  process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
}

if (require.main === module) void main();
