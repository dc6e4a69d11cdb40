import assert from 'node:assert/strict';

import { cellName, findCell } from '../../../bench/support/cell';
import { chart } from '../../../bench/support/chart';
import { consoleText, inOrder, page, type Report } from '../../../bench/support/report';
import { short, verdictOf } from '../../../bench/support/row';
import { quantile, ratios, slope, summarise } from '../../../bench/support/stats';
import { CELLS } from '../../../scripts/matrix/cells';

const REPORT: Report = {
  versions: { node: '24.0.0', nodeRed: '5.0.0' },
  rows: [
    {
      name: 'polling',
      time: '2026-01-01T00:00:00.000Z',
      load: 1.5,
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
      page([REPORT]),
      /\| One reading \| ours < core \| 0\.4 \(0\.3–0\.5\) \| ≤ 0\.5 \| ≤ 0\.4 \| reached \|/,
    );
    const picture = chart(REPORT);
    assert.match(picture, /ours &lt; core/);
    assert.equal(picture.match(/<rect/g)?.length, 3);
  });

  it('stand side by side on a page, judged by the worst, and leave alone what people wrote there', () => {
    const [row] = REPORT.rows;
    assert.ok(row);
    const [figure] = row.figures;
    assert.ok(figure);
    const older: Report = {
      versions: { node: '20.1.0', nodeRed: '4.1.0' },
      rows: [{ ...row, figures: [{ ...figure, values: [0.6] }] }],
    };
    const reports = inOrder([older, REPORT]);
    assert.deepEqual(
      reports.map(({ versions }) => versions.node),
      ['24.0.0', '20.1.0'],
    );
    const first = page(reports);
    assert.match(
      first,
      /\| ours < core \| 0\.4 \(0\.3–0\.5\) \| 0\.6 \(0\.6–0\.6\) \| ≤ 0\.5 \| ≤ 0\.4 \| missed \|/,
    );
    assert.match(first, /\| requests \| 4 \(4–4\) \| – \| ≤ 3 \| – \| missed \|/);
    const written = first.replace('<!-- by hand -->\n', '<!-- by hand -->\n\nWhy it is so.\n');
    assert.match(page(reports, written), /<!-- by hand -->\n\nWhy it is so\.\n/);
    assert.equal(page(reports, page(reports, written)), page(reports, written));
  });
});

describe('a cell of the bench', () => {
  it('is known by its name', () => {
    assert.deepEqual(CELLS.map(cellName), ['node20-nr4.1', 'node22-nr5', 'node24-nr5']);
    assert.equal(findCell('node24-nr5').node, 24);
    assert.throws(() => findCell('node18-nr3'), /no cell node18-nr3; there are node20-nr4\.1, /);
  });
});
