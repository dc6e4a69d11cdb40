import assert from 'node:assert/strict';

import type { Outcome } from '../../support/enapter-hostile';
import { inSmallHeap } from '../../support/measured';

/** What has to become of each; the rest of the figures is printed, since times are those of the machine. */
const EXPECTED: Readonly<Record<string, RegExp>> = {
  'CSV of 2,600 columns and 50,000 one-cell rows': /tooMuch/,
  'CSV of 200 columns and a million one-cell rows': /enapterShape/,
  'CSV of 200 columns and 40,000 empty rows': /tooMuch/,
  'CSV of rows without end': /tooMuch/,
  'CSV of one line without end': /tooMuch/,
  'CSV within quotes without end': /tooMuch/,
  'CSV of a million rows of nan': /tooMuch/,
  'CSV of commas alone': /enapterShape/,
  'CSV of quotes alone': /tooMuch/,
  'a list that always has another page': /tooMuch/,
  'pages of one new device each': /enapterShape/,
  'the same page again, and a total': /enapterShape/,
  'the same page again, and no total': /1 entries/,
  'pages of nothing but entries without id': /tooMuch/,
  '32 MB of {}': /tooLong/,
  '1 MB of {}': /tooMuch/,
  '1 MB of [': /tooDeep/,
  '1 MB of errors': /REJECTED/,
  'an execution with 4 MB of log': /BAD_RESPONSE|SUCCESS/,
  'a manifest of 4 MB': /device-1/,
  '20 commands of 8 MB': /"skipped":20/,
  '3,000 commands of 80 KB': /"received":3000/,
  '256 KB of [': /"junk":2\d/,
  // Each is junk, beside the twenty of brackets and what ended the rounds.
  '256 KB of keys': /"received":3000,.*"junk":44/,
  'a publication of 200 MB, and then a command': /answered/,
};

describe('enapter: what a hostile server or broker can do to a process of 512 MB', () => {
  let outcomes: Outcome[];
  before(async function () {
    this.timeout(180_000);
    outcomes = (await inSmallHeap('test/support/enapter-hostile.js')) as Outcome[];
  });

  for (const [what, expected] of Object.entries(EXPECTED)) {
    it(`survives ${what}`, () => {
      const found = outcomes.find((one) => one.what === what);
      assert.ok(found);
      console.log(`        blocked for ${found.blocked} ms at most, heap ${found.peak} MB more at most`);
      assert.match(found.outcome, expected);
    });
  }
});
