import assert from 'node:assert/strict';

import { newSeed } from '../../support/seeded';
import { runCampaign } from '../../support/switching-campaign';

describe('verified switching under random faults', () => {
  it('never lies, never toggles twice, and answers every command once', async () => {
    const seed = newSeed();
    const report = await runCampaign(500, seed);
    const { responses, falseSuccesses, doubleToggles, wrongChanged, unexpected, outcomes } = report;
    const message = `SEED=${seed} ${JSON.stringify(report)}`;
    assert.deepEqual(
      { answers: responses, falseSuccesses, doubleToggles, wrongChanged, unexpected },
      { answers: 500, falseSuccesses: 0, doubleToggles: 0, wrongChanged: 0, unexpected: [] },
      message,
    );
    // The run must have seen every kind of outcome, or it has tested less than it claims.
    for (const outcome of ['switched', 'already', 'REJECTED', 'CONFLICT', 'OUTCOME_UNKNOWN', 'FORBIDDEN']) {
      assert.ok((outcomes[outcome] ?? 0) > 0, `${outcome} never came; ${message}`);
    }
    console.log(`    500 commands, seed ${seed}: ${JSON.stringify(outcomes)}`);
  });
});
