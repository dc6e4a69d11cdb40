import { strict as assert } from 'node:assert';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { inspect, isDeepStrictEqual } from 'node:util';

import { projectRoot } from '../../scripts/support/project-root';
import { type Editor, openEditor } from '../support/browser';
import { installDashboard } from '../support/dashboard';
import { onPort, readDashboardExamples, readExamples } from '../support/examples';
import { type FlowNode, type Runtime, startRuntime } from '../support/runtime';

/** What the editor has no dialog for that a double click opens. */
const WITHOUT_DIALOG = new Set(['tab', 'global-config']);
/**
 * Marked as changed by their own dialogs, though nothing is: login fields that nobody has filled in count as a change, and
 * pages and groups of FlowFuse Dashboard.
 */
const isAlwaysMarked = (type: string): boolean =>
  ['http request', 'mqtt-broker'].includes(type) || type.startsWith('ui-');
/** The right edge of the flow that a small window shows beside the palette. */
const WIDTH = 760;

/** The demo's flows, one a system. */
function readDemo(): { name: string; nodes: FlowNode[] }[] {
  const folder = join(projectRoot(), 'scripts', 'demo', 'flows');
  return readdirSync(folder).map((name) => ({
    name: `demo ${name}`,
    nodes: JSON.parse(readFileSync(join(folder, name), 'utf8')) as FlowNode[],
  }));
}

/** A node as it would be exported, and whether it is marked as changed. */
type State = Record<string, unknown>;

interface Seen {
  id: string;
  type: string;
  before: State;
  after: State;
}

/** In the page, as hundreds of steps from here would take minutes: opens each dialog, and presses Done. */
const OPEN_EACH = `async (ids) => {
  // Dialogs slide for a quarter of a second in and out; hundreds of them are not watched.
  const wait = window.setTimeout;
  window.setTimeout = (then, ms, ...more) => wait(then, ms <= 300 ? 0 : ms, ...more);
  const until = async (holds) => {
    while (!holds()) await new Promise((resolve) => wait(resolve, 5));
  };
  const state = (node) => JSON.parse(JSON.stringify({
    ...RED.nodes.convertNode(node, false),
    changed: !!node.changed,
  }));
  const seen = [];
  // Of several dashboards only one is there.
  for (const node of ids.map((id) => RED.nodes.node(id)).filter(Boolean)) {
    // A subflow's properties are offered where the subflow is open.
    if (node.z && node.z !== RED.workspaces.active()) RED.workspaces.show(node.z);
    const before = state(node);
    const isConfig = node._def.category === 'config';
    if (isConfig) RED.editor.editConfig('', node.type, node.id);
    else RED.editor.edit(node);
    // Slid in, and with the focus, which comes last.
    const dialog = () => document.querySelector('.red-ui-tray[style*="right: 0px"]');
    await until(() => dialog()?.contains(document.activeElement));
    dialog().querySelector(isConfig ? '#node-config-dialog-ok' : '#node-dialog-ok').click();
    await until(() => $('#red-ui-editor-shade').is(':hidden') && $('.red-ui-tray').length === 0);
    seen.push({ id: node.id, type: node.type, before, after: state(node) });
  }
  window.setTimeout = wait;
  return seen;
}`;

/** Which nodes a node listens to has no order, though editors give it one of their own and mark the node for it. */
function withoutOrder(state: State): State {
  return Array.isArray(state.scope) ? { ...state, scope: [...(state.scope as string[])].sort() } : state;
}

const show = (value: unknown): string => inspect(value, { breakLength: Infinity });

describe('the nodes of the examples and of the demo', () => {
  const examples = [...readExamples(), ...readDashboardExamples()];
  const all = [...examples, ...readDemo()];
  let runtime: Runtime;
  let editor: Editor;

  before(async () => {
    // Of the two code editors the one that opens quickly: hundreds of dialogs have one.
    const editorTheme = {
      tours: false,
      palette: { catalogues: [] },
      projects: { enabled: false },
      codeEditor: { lib: 'ace' },
    };
    runtime = await startRuntime({ otherPackages: installDashboard(), settings: { editorTheme } });
    // One dashboard is all that there may be; the others' pages are of the first.
    const nodes = examples.flatMap((example) => onPort(example, runtime.port));
    const [base, ...others] = nodes.filter(({ type }) => type === 'ui-base').map(({ id }) => id);
    const moved = JSON.parse(
      others.reduce(
        (text, id) => text.replaceAll(`"ui":"${id}"`, `"ui":"${String(base)}"`),
        JSON.stringify(nodes),
      ),
    ) as FlowNode[];
    const kept = moved.filter(({ id, type }) => !others.includes(id) && type !== 'global-config');
    await runtime.deploy([...kept, ...readDemo().flatMap((demo) => demo.nodes)]);
    editor = await openEditor(runtime);
  });
  after(async () => {
    await editor.close();
    await runtime.stop();
    assert.deepEqual(editor.pageErrors, []);
  });

  for (const { name, nodes } of all) {
    it(`${name}: a dialog that is opened and closed with Done changes nothing`, async function () {
      this.timeout(300_000);
      // A second try begins with what the first one has changed.
      this.retries(0);
      const tab = nodes.find(({ type }) => type === 'tab');
      if (tab) await editor.showTab(tab.id);
      const ids = nodes.filter(({ type }) => !WITHOUT_DIALOG.has(type)).map(({ id }) => id);
      const seen = await editor.page.evaluate<Seen[]>(`(${OPEN_EACH})(${JSON.stringify(ids)})`);
      assert.ok(seen.length > 0);
      const changed = seen.flatMap(({ id, type, ...states }) => {
        const [before, after] = [withoutOrder(states.before), withoutOrder(states.after)];
        const isMarked = isAlwaysMarked(type) || !isDeepStrictEqual(states.after.scope, states.before.scope);
        // What the flow is older than has its default, as in the runtime.
        return Object.keys(after)
          .filter((key) => key !== 'changed' || !isMarked)
          .filter(
            (key) =>
              (before[key] !== undefined || (after.changed && !isMarked)) &&
              !isDeepStrictEqual(after[key], before[key]),
          )
          .map((key) => `${id} (${type}): ${key} ${show(before[key])} → ${show(after[key])}`);
      });
      assert.deepEqual(changed, []);
    });
  }

  for (const { name, nodes } of examples) {
    it(`${name} lies within ${WIDTH} px`, async () => {
      const tab = nodes.find(({ type }) => type === 'tab');
      if (tab) await editor.showTab(tab.id);
      const beyond = await editor.page.evaluate<
        string[]
      >(`RED.nodes.filterNodes({ z: ${JSON.stringify(tab?.id)} })
        .filter(({ x, w }) => x + w / 2 > ${WIDTH} || x < w / 2)
        .map(({ id, x, w }) => id + ': ' + (x - w / 2) + '–' + (x + w / 2))`);
      assert.deepEqual(beyond, []);
    });
  }
});
