import type { Report } from './report';
import { short } from './row';
import { median } from './stats';

/** A picture of the ratios: our cost as a share of what it must not exceed. */

const LINE = 26;
const LEFT = 400;
const WIDTH = 300;
const RIGHT = 120;

export function chart({ rows }: Report): string {
  const bars = rows
    .flatMap((row) => row.figures.map((figure) => ({ ...figure, row: row.name })))
    .flatMap(({ must, ...figure }) => (must === undefined || must <= 0 ? [] : [{ must, ...figure }]))
    .map(({ row, name, unit, values, must, aim }) => ({
      name: `${row}: ${name.replaceAll('`', '')}`,
      value: median(values),
      must,
      aim: aim ?? must,
      unit,
    }));
  const height = bars.length * LINE + 50;
  const body = bars.map(({ name, value, must, aim, unit }, index) => {
    const y = 40 + index * LINE;
    const share = Math.min(Math.max(value / must, 0), 1.2);
    const colour = value <= aim ? '#2e7d32' : value <= must ? '#f9a825' : '#c62828';
    const figure = `${short(value)}${unit ? ` ${unit}` : ''} of ${short(must)}${unit ? ` ${unit}` : ''}`;
    return [
      `<text x="${LEFT - 8}" y="${y + 12}" text-anchor="end">${escape(name)}</text>`,
      `<rect x="${LEFT}" y="${y}" width="${(share * WIDTH).toFixed(1)}" height="16" fill="${colour}"/>`,
      `<line x1="${(LEFT + (aim / must) * WIDTH).toFixed(1)}" x2="${(LEFT + (aim / must) * WIDTH).toFixed(1)}" y1="${y - 2}" y2="${y + 18}" stroke="#555" stroke-dasharray="2 2"/>`,
      `<text x="${LEFT + WIDTH * 1.2 + 8}" y="${y + 12}">${escape(figure)}</text>`,
    ].join('\n');
  });
  const width = LEFT + WIDTH * 1.2 + RIGHT;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12" role="img">
<title>Measured cost as a share of the limit</title>
<rect width="${width}" height="${height}" fill="#fff"/>
<text x="${LEFT}" y="18">measured, as a share of the limit (line: limit; dashes: aim)</text>
<line x1="${LEFT + WIDTH}" x2="${LEFT + WIDTH}" y1="26" y2="${height - 6}" stroke="#000"/>
${body.join('\n')}
</svg>
`;
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
