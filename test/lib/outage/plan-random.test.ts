import { OutageWorld, type WorldReport } from '../../support/outage-world';
import { newSeed, Seeded } from '../../support/seeded';

const OUTAGES = 2000;

describe('OutagePlan in random outages', () => {
  it(`keeps its rules in ${OUTAGES} of them`, function () {
    this.timeout(0);
    const seed = newSeed();
    const sum: WorldReport = { outages: 0, cuts: 0, restored: 0, restarts: 0, repeated: 0, unknown: 0 };
    for (let n = 0; sum.outages < OUTAGES; n++) {
      const random = new Seeded(seed + n);
      const world = new OutageWorld(random);
      try {
        world.run(1 + random.below(4));
      } catch (thrown) {
        throw new Error(`SEED=${seed}, world ${n}: ${String(thrown)}`, { cause: thrown });
      }
      for (const key of Object.keys(sum) as (keyof WorldReport)[]) sum[key] += world.report[key];
    }
    console.log(`      seed ${seed}: ${JSON.stringify(sum)}`);
  });
});
