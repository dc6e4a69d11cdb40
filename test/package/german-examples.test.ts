import assert from 'node:assert/strict';

import { readExamples } from '../support/examples';
import type { FlowNode } from '../support/user-dir';

/** The German examples, by the English ones that they are. */
const GERMAN: Record<string, string> = {
  'live-meter': 'zaehler-live',
  'offline-alarm': 'alarm-bei-ausfall',
};
/** What people read; the rest is the same. */
const TEXTS = new Set(['name', 'label', 'info', 'template', 'x', 'y']);

const find = (name: string): FlowNode[] =>
  readExamples().find((example) => example.name === `poweropti/${name}.json`)?.nodes ?? [];

/** An example without its texts, and without what keeps the two apart: ids, names in the context, and ports. */
function logic(nodes: FlowNode[], port: number): unknown {
  const plain = nodes.map((node) =>
    Object.fromEntries(Object.entries(node).filter(([key]) => !TEXTS.has(key))),
  );
  const text = JSON.stringify(plain).replaceAll(String(port), 'PORT');
  return JSON.parse(text.replace(/popt(\d)de_/g, 'popt$1_').replace(/"(popt\w+?)de"/g, '"$1"'));
}

describe('the German examples', () => {
  Object.entries(GERMAN).forEach(([english, german], index) => {
    it(`${german} does what ${english} does`, () => {
      const own = find(`deutsch/${german}`);
      assert.ok(own.length > 0);
      assert.deepEqual(logic(own, 18794 + index), logic(find(english), 18791 + index));
    });
  });
});
