/** Reads the text format of Prometheus, strictly, and by another way than it is written. */

export interface ParsedSample {
  name: string;
  labels: Record<string, string>;
  value: number;
}

export interface Parsed {
  samples: ParsedSample[];
  types: Map<string, string>;
}

const NAME = /^[a-z_][a-z0-9_]*/;

/** @throws Error for anything that is not of the format, or twice the same series */
export function parseExposition(text: string): Parsed {
  if (text !== '' && !text.endsWith('\n')) throw new Error('no line end at the end');
  const samples: ParsedSample[] = [];
  const types = new Map<string, string>();
  const seen = new Set<string>();
  const closed = new Set<string>();
  let family = '';
  for (const line of text.split('\n').slice(0, -1)) {
    if (line.startsWith('# HELP ')) continue;
    const [, typed, type] = /^# TYPE (\S+) (gauge|counter)$/.exec(line) ?? [];
    if (typed !== undefined && type !== undefined) {
      if (types.has(typed)) throw new Error(`two TYPE lines: ${typed}`);
      types.set(typed, type);
      continue;
    }
    const sample = parseSample(line);
    if (sample.name !== family) {
      if (closed.has(sample.name)) throw new Error(`a family in two parts: ${sample.name}`);
      closed.add(family);
      family = sample.name;
    }
    if (!types.has(sample.name)) throw new Error(`no TYPE: ${sample.name}`);
    const key = JSON.stringify([sample.name, Object.entries(sample.labels).sort()]);
    if (seen.has(key)) throw new Error(`twice: ${key}`);
    seen.add(key);
    samples.push(sample);
  }
  return { samples, types };
}

function parseSample(line: string): ParsedSample {
  const [name = ''] = NAME.exec(line) ?? [];
  let at = name.length;
  const labels = Object.create(null) as Record<string, string>;
  if (line[at] === '{') {
    at++;
    while (line[at] !== '}') {
      const [label = ''] = NAME.exec(line.slice(at)) ?? [];
      at += label.length;
      if (label === '' || line.slice(at, at + 2) !== '="') throw new Error(`no label: ${line}`);
      at += 2;
      let value = '';
      for (; line[at] !== '"'; at++) {
        if (at >= line.length) throw new Error(`no end of a label: ${line}`);
        if (line[at] !== '\\') value += line.charAt(at);
        else {
          at++;
          const escaped = { n: '\n', '"': '"', '\\': '\\' }[line[at] ?? ''];
          if (escaped === undefined) throw new Error(`no such escape: ${line}`);
          value += escaped;
        }
      }
      if (label in labels) throw new Error(`a label twice: ${line}`);
      labels[label] = value;
      at++;
      if (line[at] === ',') at++;
    }
    at++;
  }
  const rest = line.slice(at);
  if (name === '' || !/^ -?\d+(\.\d+)?(e[+-]\d+)?$/.test(rest)) throw new Error(`no sample: ${line}`);
  return { name, labels, value: Number(rest) };
}
