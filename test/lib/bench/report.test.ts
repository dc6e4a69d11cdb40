import assert from 'node:assert/strict';

import { chart } from '../../../bench/support/chart';
import { consoleText, page, type Report } from '../../../bench/support/report';
import { short, verdictOf } from '../../../bench/support/row';
import { quantile, ratios, slope, summarise } from '../../../bench/support/stats';

const REPORT: Report = {
  quick: false,
  node: 'v20.0.0',
  time: '2026-01-01T00:00:00.000Z',
  rows: [
    {
      name: 'polling',
      title: 'One reading',
      baseline: 'before 3 µs',
      series: [{ name: 'ours', unit: 'µs', values: [3, 1, 2] }],
      figures: [
        { name: 'ours < core', unit: '', values: [0.3, 0.5, 0.4], must: 0.5, aim: 0.4 },
        { name: 'requests', unit: '', values: [4], must: 3 },
      ],
    },
  ],
};

describe('bench figures', () => {
  it('are medians with their spread', () => {
    assert.deepEqual(summarise([5, 1, 3]), { median: 3, min: 1, max: 5 });
    assert.equal(quantile([1, 2], 0.5), 1.5);
    assert.equal(quantile([10, 20, 30], 1), 30);
  });

  it('are compared round by round', () => {
    assert.deepEqual(ratios([1, 4, 9], [2, 4]), [0.5, 1]);
  });

  it('have the slope of the line through them', () => {
    assert.equal(
      slope([
        [0, 1],
        [1, 3],
        [2, 5],
      ]),
      2,
    );
  });

  it('are judged by their median', () => {
    const figure = { name: '', unit: '', must: 2, aim: 1 };
    assert.equal(verdictOf({ ...figure, values: [0, 1, 9] }), 'aim');
    assert.equal(verdictOf({ ...figure, values: [1.5] }), 'must');
    assert.equal(verdictOf({ ...figure, values: [3] }), 'missed');
  });

  it('are shown with the digits that mean something', () => {
    assert.deepEqual([0.4567, 12.345, 123.4, 12_345.6].map(short), ['0.46', '12.3', '123', '12 346']);
  });

  it('are written for the console, as a page and as a picture', () => {
    const [row] = REPORT.rows;
    assert.ok(row);
    assert.match(consoleText(row), /ours: 2 µs \(1–3\)[\s\S]*requests: 4 \(4–4\); must ≤ 3: missed/);
    assert.match(
      page(REPORT),
      /\| One reading \| ours < core \| 0\.4 \(0\.3–0\.5\) \| ≤ 0\.5 \| ≤ 0\.4 \| reached \|/,
    );
    const picture = chart(REPORT);
    assert.match(picture, /ours &lt; core/);
    assert.equal(picture.match(/<rect/g)?.length, 3);
  });
});
