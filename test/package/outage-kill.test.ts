import { runOutageKills } from '../support/outage-kill';
import { newSeed } from '../support/seeded';

describe('a plan for outages in a Node-RED that is killed', () => {
  it('switches nothing twice, brings all back, and records the outage', async function () {
    this.timeout(300_000);
    const { seed, ...report } = await runOutageKills(1, newSeed());
    console.log(`      (seed ${seed}: ${JSON.stringify(report)})`);
  });
});
