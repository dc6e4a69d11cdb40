import { newSeed } from './seeded';
import { faultsOf, summary, sunYear } from './sun-year';

/** Years of sun and house, each with its own seed: `node dist/test/support/surplus-campaign.js 50`. */
const years = Number(process.argv[2] ?? 50);
const first = newSeed();
let wrong = 0;
for (let i = 0; i < years; i++) {
  const year = sunYear(first + i);
  const faults = faultsOf(year);
  wrong += faults.length > 0 ? 1 : 0;
  console.log(summary(first + i, year), faults.join(', '));
}
console.log(`${years - wrong} of ${years} years keep all bounds`);
process.exitCode = wrong > 0 ? 1 : 0;
