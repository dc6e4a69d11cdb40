import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { projectRoot, readManifest } from '../../scripts/support/project-root';
import { type BenchFlow, meterFlow, SINK } from '../support/flows';
import { BenchRuntime, type CpuReading } from '../support/node-red';
import type { Figure, Row } from '../support/row';
import { median } from '../support/stats';

/** The package that the target names as the comparison. */
const OTHER = 'node-red-contrib-home-assistant-websocket';

/** A flow with one device that nobody answers for, so that only loading it counts. */
function oneMeter(): Pick<BenchFlow, 'flows' | 'credentials'> {
  const { flows, credentials } = meterFlow(['http://127.0.0.1:9'], 60);
  return { flows: flows.filter(({ id }) => id !== SINK), credentials };
}

interface Start {
  wall: number;
  cpu: number;
}

/** What an installed package costs before anybody uses it. */
export const startup: Row = {
  name: 'startup',
  title: 'Loading the package: time added to Node-RED’s start',
  baseline: `Node-RED 516 ms; with six trial nodes loaded lazily 515 ms; with ${OTHER} 712 ms`,
  async run({ quick, say }) {
    const rounds = quick ? 1 : 15;
    const idle = emptyPackage();
    const other = quick ? installedOther() : await installOther(say);
    const ways: { name: string; start: () => Promise<Start> }[] = [
      { name: 'Node-RED alone', start: () => start({ packageFrom: 'none' }) },
      { name: 'with this package', start: () => start({ packageFrom: 'link' }) },
      {
        name: 'with as many types that do nothing',
        start: () => start({ packageFrom: 'none', links: [idle] }),
      },
      ...(other === undefined
        ? []
        : [{ name: `with ${OTHER}`, start: () => start({ packageFrom: 'none', links: [other] }) }]),
      { name: 'with this package and one meter', start: () => start({ packageFrom: 'link', ...oneMeter() }) },
    ];
    const found: Start[][] = ways.map(() => []);
    for (let round = -1; round < rounds; round++) {
      say(`startup: round ${round + 1} of ${rounds}`);
      for (const [index, { start: begin }] of ways.entries()) {
        const took = await begin();
        // The first round fills the file cache.
        if (round >= 0) found[index]?.push(took);
      }
    }
    const of = (wanted: string): Start[] => found[ways.findIndex(({ name }) => name === wanted)] ?? [];
    const alone = of('Node-RED alone');
    const ours = of('with this package');
    const others = of(`with ${OTHER}`);
    const used = of('with this package and one meter');
    const added = (list: Start[], what: keyof Start): number[] =>
      list.map((took, round) => took[what] - (alone[round]?.[what] ?? NaN));
    const empty = of('with as many types that do nothing');
    const above = (what: keyof Start): number[] =>
      ours.map((took, round) => took[what] - (empty[round]?.[what] ?? NaN));
    const figures: Figure[] = [
      { name: 'time above as many types that do nothing', unit: 'ms', values: above('wall'), must: 15 },
      { name: 'the same as CPU', unit: 'ms', values: above('cpu') },
      { name: 'time added', unit: 'ms', values: added(ours, 'wall'), must: 30, aim: 10 },
    ];
    if (others.length > 0) {
      const ratio = median(added(ours, 'wall')) / median(added(others, 'wall'));
      figures.push({
        name: 'time added / that of the comparison',
        unit: '',
        values: [ratio],
        must: 0.25,
        aim: 0.1,
      });
    }
    return {
      series: ways.flatMap(({ name }, index) => [
        { name: `${name}: start`, unit: 'ms', values: (found[index] ?? []).map(({ wall }) => wall) },
        { name: `${name}: CPU until then`, unit: 'ms', values: (found[index] ?? []).map(({ cpu }) => cpu) },
      ]),
      figures,
      notes: [
        `From the start of the process to "Started flows"; differences within a round. What a node does is loaded with the first node of its type; with one meter in the flow: ${median(added(used, 'wall')).toFixed(0)} ms. CPU time added: ${median(added(ours, 'cpu')).toFixed(0)} ms` +
          (others.length > 0 ? `, by ${OTHER} ${median(added(others, 'cpu')).toFixed(0)} ms.` : '.'),
      ],
    };
  },
};

async function start(
  options: Partial<BenchFlow> & { packageFrom: string; links?: string[] },
): Promise<Start> {
  const runtime = await BenchRuntime.start({ flows: [], ...options, benchNodes: false });
  try {
    const { cpu } = await runtime.call<CpuReading>('cpu');
    return { wall: runtime.startTime, cpu: cpu / 1000 };
  } finally {
    await runtime.stop();
  }
}

/** A package with as many node types as ours, whose files do nothing but register: what Node-RED itself takes for them. */
function emptyPackage(): string {
  const types = Object.keys(readManifest(projectRoot())['node-red'].nodes);
  const folder = join(projectRoot(), '.bench', 'node-red-contrib-idle');
  mkdirSync(folder, { recursive: true });
  const nodes = Object.fromEntries(types.map((type) => [`idle-${type}`, `${type}.js`]));
  const manifest = { name: 'node-red-contrib-idle', version: '1.0.0', 'node-red': { nodes } };
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest));
  for (const type of types) {
    writeFileSync(
      join(folder, `${type}.js`),
      `module.exports = (RED) => RED.nodes.registerType('idle-${type}', function (config) { RED.nodes.createNode(this, config); });\n`,
    );
    writeFileSync(
      join(folder, `${type}.html`),
      `<script type="text/javascript">RED.nodes.registerType('idle-${type}', { category: 'idle', defaults: {} });</script>\n`,
    );
  }
  return folder;
}

function folderOfOther(): string {
  return join(projectRoot(), '.bench', 'other');
}

function installedOther(): string | undefined {
  const path = join(folderOfOther(), 'node_modules', OTHER);
  return existsSync(path) ? path : undefined;
}

/** Installs the other package into an ignored folder; without a registry the comparison is left out. */
async function installOther(say: (text: string) => void): Promise<string | undefined> {
  const installed = installedOther();
  if (installed !== undefined) return installed;
  const folder = folderOfOther();
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'bench-other', private: true }));
  try {
    await promisify(execFile)('npm', ['install', '--no-audit', '--no-fund', '--omit=dev', OTHER], {
      cwd: folder,
    });
  } catch (error) {
    say(`startup: ${OTHER} could not be installed: ${error instanceof Error ? error.message : ''}`);
  }
  return installedOther();
}
