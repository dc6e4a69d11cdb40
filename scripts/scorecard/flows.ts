import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { listFiles } from '../verify/tarball';
import { runTool, toolsFolder } from './tools';

interface FlowNode {
  id: string;
  type: string;
  func?: string;
}

interface Finding {
  location: string[];
  rule: string;
  message: string;
}

/** Faults that nrlint has to find before its silence about an example means anything. */
const FAULTY = [
  { id: 'tab', type: 'tab' },
  {
    id: 'canary',
    type: 'function',
    z: 'tab',
    x: 200,
    y: 100,
    name: '',
    func: 'return unknown;',
    wires: [[]],
  },
];

/** Nodes that take the answers to their own commands, and know them from what they are asked. */
const TAKES_ANSWERS = new Set(['ups-outage-plan', 'energy-price-plan']);

/** Whether a finding is a loop on purpose: the answer to a command goes back to the node that gave it. */
function isAnswered({ rule, location }: Finding, nodes: readonly FlowNode[]): boolean {
  if (rule !== 'no-loops') return false;
  return nodes.some(({ id, type }) => location.includes(id) && TAKES_ANSWERS.has(type));
}

/** Lints one flow; nrlint takes several files at once for none, and says that all is well. */
function lint(root: string, nodes: FlowNode[], file: string): Finding[] {
  // nrlint does not look at a function's last line, so that one is made empty.
  const padded = nodes.map((node) => ('func' in node ? { ...node, func: `${node.func}\n` } : node));
  writeFileSync(file, JSON.stringify(padded));
  const config = join(toolsFolder(root), 'nrlintrc.cjs');
  const run = runTool(root, 'nrlint/bin/nrlint.js', ['-c', config, '-f', 'json', file]);
  const findings = findingsIn(run.stdout);
  if (!findings || (run.status === 0) !== (findings.length === 0)) throw new Error(`nrlint: ${run.output}`);
  return findings;
}

function findingsIn(stdout: string): Finding[] | undefined {
  try {
    return JSON.parse(stdout) as Finding[];
  } catch {
    return undefined;
  }
}

/** What nrlint finds in the examples, one line a finding; `folder` is one to work in. */
export function exampleFindings(root: string, folder: string): { count: number; problems: string[] } {
  const scratch = join(folder, 'flow.json');
  const canary = new Set(lint(root, FAULTY, scratch).map(({ rule }) => rule));
  if (!canary.has('function-eslint') || !canary.has('no-unnamed-functions'))
    throw new Error('nrlint does not find faults that are there');

  const examples = listFiles(join(root, 'examples')).filter((file) => file.endsWith('.json'));
  const problems = examples.flatMap((file) => {
    const nodes = JSON.parse(readFileSync(join(root, 'examples', file), 'utf8')) as FlowNode[];
    return lint(root, nodes, scratch)
      .filter((finding) => !isAnswered(finding, nodes))
      .map(({ location, rule, message }) => `examples/${file}: ${location.join(', ')}: ${rule}: ${message}`);
  });
  return { count: examples.length, problems };
}
