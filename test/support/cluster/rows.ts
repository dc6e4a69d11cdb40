import { setTimeout } from 'node:timers/promises';

import type { Seeded } from '../seeded';
import { clusterFlow, SLOT, UPSES } from './flow';
import { FENCE, type Instance, LEASE, NEWCOMER } from './instance';
import type { Run } from './judge';
import { MORE_METER, type Site } from './site';

/** A fault, and what must hold whatever else does. */
export interface Row {
  name: string;
  /** does it; the instances that it is done to are its victims */
  fault: (site: Site, random: Seeded, told: Told) => Promise<void>;
  must: Must;
}

/** What a row tells its judge. */
export interface Told {
  victims: Set<string>;
  /** who was lost, when, and which devices it had */
  lost?: { name: string; at: number; devices: string[] };
  /** a victim that stood still: it held its connections, and did nothing with them */
  frozen?: Run;
  /** the engine was away: nobody can own, and what was not done must say why */
  isEngineLost?: boolean;
}

export interface Must {
  /** ms in which two may be at one device */
  overlap: number;
  /** ms without an owner */
  gap: number;
  /** ms after which a victim that lives does nothing more */
  lastAct?: number;
  /** each record that a UPS pushes arrives once */
  pushes?: true;
}

/** ms; what a tick of the gate, four a second, and a reading that is under way add */
const TICK = 350;
/** two readers, around a change alone */
const CHANGE = 2000;
const TAKEN_OVER = LEASE + 1000 + TICK;
const HANDED_OVER = 1000 + TICK;

/** Victims are drawn by what they have: somebody without a device is none. */
function lose(site: Site, told: Told): Instance {
  const victim = site.ownerOf();
  told.victims.add(victim.name);
  told.lost = { name: victim.name, at: Date.now(), devices: site.devicesOf(victim.name) };
  return victim;
}

/** Waits for a moment shortly before the next slot of the clock. */
async function beforeSlot(random: Seeded): Promise<void> {
  const ahead = random.below(250);
  await setTimeout(SLOT - ((Date.now() + ahead) % SLOT));
}

export const ROWS: Row[] = [
  {
    name: 'no fault',
    must: { overlap: 0, gap: TICK + 650, pushes: true },
    fault: () => setTimeout(10_000),
  },
  {
    name: 'SIGKILL and restart',
    must: { overlap: CHANGE, gap: TAKEN_OVER, pushes: true },
    async fault(site, random, told) {
      await setTimeout(2000 + random.below(SLOT));
      const victim = lose(site, told);
      await victim.kill();
      await setTimeout(LEASE + 2000);
      await victim.start(site.flows);
      await setTimeout(NEWCOMER + 1000);
    },
  },
  {
    name: 'SIGSTOP for 20 s, then SIGCONT',
    must: { overlap: CHANGE, gap: TAKEN_OVER },
    async fault(site, random, told) {
      await setTimeout(2000 + random.below(SLOT));
      const victim = lose(site, told);
      const from = Date.now();
      victim.freeze();
      await setTimeout(20_000);
      told.frozen = { by: victim.name, from, to: Date.now() };
      victim.thaw();
      await setTimeout(4000);
    },
  },
  {
    name: 'one instance cut from the engine for 20 s',
    must: { overlap: 0, gap: TAKEN_OVER, lastAct: FENCE + 100 },
    async fault(site, random, told) {
      await setTimeout(2000 + random.below(SLOT));
      const victim = lose(site, told);
      victim.engine.swallow();
      await setTimeout(20_000);
      victim.engine.heal();
      await setTimeout(4000);
    },
  },
  {
    name: 'SIGKILL and restart of the engine with an append-only file',
    must: { overlap: 0, gap: 10_000 },
    fault: (site, random, told) => restartEngine(site, random, told, true),
  },
  {
    name: 'SIGKILL and restart at once of the engine without an append-only file',
    must: { overlap: 0, gap: 10_000 },
    fault: (site, random, told) => restartEngine(site, random, told, false, 0),
  },
  {
    name: 'rolling restart, hand-overs in the second of the clock',
    must: { overlap: 0, gap: HANDED_OVER, pushes: true },
    async fault(site, random, told) {
      for (const instance of site.instances) {
        told.victims.add(instance.name);
        await beforeSlot(random);
        await instance.leave();
        await instance.start(site.flows);
        await setTimeout(NEWCOMER + 1500);
      }
    },
  },
  {
    name: 'two join',
    must: { overlap: 0, gap: HANDED_OVER },
    async fault(site, random, told) {
      const [, ...others] = random.chance(0.5) ? site.instances : [...site.instances].reverse();
      for (const one of others) told.victims.add(one.name);
      await beforeSlot(random);
      await Promise.all(others.map((one) => one.leave()));
      await Promise.all(others.map((one) => one.start(site.flows)));
      await setTimeout(NEWCOMER + 2000);
    },
  },
  {
    name: 'another flow file',
    must: { overlap: 0, gap: HANDED_OVER },
    async fault(site, _random, told) {
      const isOther = site.flows.some(({ id }) => id === MORE_METER);
      site.flows = clusterFlow({ gates: site.hasGates, more: isOther ? [] : [MORE_METER] });
      // The owner of the first UPS comes last.
      const last = site.ownerOf(UPSES[0]);
      for (const instance of [...site.instances.filter((one) => one !== last), last]) {
        told.victims.add(instance.name);
        await instance.deploy(site.flows);
        await setTimeout(NEWCOMER + 1000);
      }
    },
  },
];

async function restartEngine(
  site: Site,
  random: Seeded,
  told: Told,
  keeps: boolean,
  away = 2000 + random.below(3000),
): Promise<void> {
  await setTimeout(2000 + random.below(SLOT));
  told.isEngineLost = true;
  await site.engine.keep(keeps);
  await site.engine.kill();
  await setTimeout(away);
  await site.engine.start(keeps);
  await setTimeout(12_000);
  await site.engine.keep(true);
}
