import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { type EngineProgram, findRedis, findValkey } from '../support/cluster/engine';
import { judge } from '../support/cluster/judgement';
import { type Row, ROWS, type Told } from '../support/cluster/rows';
import { Site } from '../support/cluster/site';
import { newSeed, Seeded } from '../support/seeded';

/** Rows that a Valkey has to pass as well. */
const ON_VALKEY = ['SIGKILL and restart', 'SIGKILL and restart of the engine with an append-only file'];
/** What differs where one instance has everything. */
const isOfOne = ({ name }: Row): boolean => name === 'SIGKILL and restart';
const ROUNDS = Number(process.env.CLUSTER_SEEDS ?? 1);

/** Three real Node-REDs from the packed package: every command once, whatever happens to one of them or to the engine. */
describe('several Node-REDs with the same flows', () => {
  const folder = mkdtempSync(join(tmpdir(), 'cluster-valkey-'));
  after(() => rmSync(folder, { recursive: true, force: true }));

  rowsOn('a real Redis', findRedis, 'flow', ROWS);
  rowsOn('a real Redis, one active instance', findRedis, 'none', ROWS.filter(isOfOne));
  rowsOn(
    'a real Valkey',
    () => findValkey(folder),
    'flow',
    ROWS.filter(({ name }) => ON_VALKEY.includes(name)),
  );
});

function rowsOn(
  what: string,
  find: () => EngineProgram | string,
  spread: 'none' | 'flow',
  rows: readonly Row[],
): void {
  describe(what, () => {
    const seed = newSeed();
    const random = new Seeded(seed);
    let site: Site | undefined;
    let why: string | undefined;

    before(async function () {
      this.timeout(400_000);
      const program = find();
      if (typeof program === 'string') {
        why = program;
        return;
      }
      console.log(`      ${program.version}; seed ${seed} (SEED repeats it)`);
      site = new Site({ program, spread, random });
      await site.start();
    });
    after(() => site?.close());

    for (const row of rows) {
      for (let round = 1; round <= ROUNDS; round++) {
        it(ROUNDS > 1 ? `${row.name} (${round})` : row.name, async function () {
          if (!site) {
            console.log(`      skipped: ${why ?? 'it did not start'}`);
            this.skip();
          }
          await run(row, site, random);
        });
      }
    }
  });
}

async function run(row: Row, site: Site, random: Seeded): Promise<void> {
  const told: Told = { victims: new Set() };
  await site.settle();
  const span = await site.observe(() => row.fault(site, random, told));
  const { lines, problems } = judge(site, row, span, told);
  for (const line of lines) console.log(`        ${line}`);
  if (problems.length === 0) return;
  // A row that fails is tried once more; what the first try showed has to be read all the same.
  console.log(`        wrong: ${problems.join('\n        wrong: ')}`);
  throw new Error(problems.join('\n'));
}
