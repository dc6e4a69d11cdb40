import { LocalTime } from '../../lib/core/zone';
import type { DemandSettings } from '../../lib/energy/demand-report';
import type { UsageSettings } from '../../lib/energy/usage';

/** What energy is counted by in tests that are about something else. */

const MINUTE = 60_000;
const UTC = new LocalTime('UTC');

/** Quarters of an hour. */
export const DEMAND: DemandSettings = {
  ...{ zone: UTC, window: 15 * MINUTE, step: 15 * MINUTE, counts: 'import', target: 0, hours: [] },
  ...{ billingDay: 1, longestGap: 20 * MINUTE, completeFrom: 0.95, smoothing: 0 },
  ...{ peaks: 1, differentDays: false, floor: 0, ratchet: 0 },
};
/** Use without a price. */
export const USAGE: UsageSettings = {
  ...{ zone: UTC, billingDay: 1, base: null, longestGap: 20 * MINUTE },
  ...{ price: { kind: 'none' }, feedIn: { kind: 'none' } },
};

/** A state as it comes back from where it is kept. */
export const copy = <T>(state: T): T => JSON.parse(JSON.stringify(state)) as T;
