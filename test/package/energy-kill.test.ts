import { runKillCampaign } from '../support/energy-kill';
import { newSeed } from '../support/seeded';

const KILLS = 5;

describe('energy nodes in a Node-RED that is killed', () => {
  it(`lose no period, tell none twice without saying so, and add up: ${KILLS} kills`, async function () {
    this.timeout(300_000);
    const { seed, ...report } = await runKillCampaign(KILLS, newSeed());
    console.log(`      (seed ${seed}: ${JSON.stringify(report)})`);
  });
});
