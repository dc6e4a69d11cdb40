import assert from 'node:assert/strict';

import type { Node, NodeAPI } from 'node-red';

import { form } from '../../../nodes/powersentrix/ups-device.form';
import { ruleOf, settingsOf } from '../../../nodes/shared/form';
import { readSettings } from '../../../nodes/shared/read-settings';
import { browserCheck } from '../../support/browser-check';
import { dialogScript } from '../../support/dialogs';

/** As the dialogs write numbers, in short. */
const rounded = (value: number | null): number | null => value && Math.round(value * 1000) / 1000;

describe('the currents that the test of a UPS tells', () => {
  const text = (_type: string, key: string, params: object): string => `${key} ${JSON.stringify(params)}`;
  const { describe: said } = dialogScript('ups-device', { text, number: rounded });
  const CASES: [mA: number | null | undefined, key: string][] = [
    [1.84, 'test.ups {"mA":1.84,"tenMA":18.4}'],
    [12, 'test.ups {"mA":12,"tenMA":120}'],
    [12.5, 'test.tooMuch {"mA":12.5,"tenMA":125}'],
    [120, 'test.tooMuch {"mA":120,"tenMA":1200}'],
    [121, 'test.tooMuchBoth {"mA":121,"tenMA":1210}'],
    [0, 'test.ups {"mA":0,"tenMA":0}'],
    [null, 'test.ups {"mA":null,"tenMA":null}'],
    [undefined, 'test.registered {"mA":null,"tenMA":null}'],
  ];
  for (const [totalCurrent, expected] of CASES) {
    it(`are named where no UPS delivers them: ${totalCurrent} A counted in mA`, () => {
      const words = said?.({ ups: { model: null, serialNumber: null, totalCurrent } }, {}) ?? '';
      const plain = words.replaceAll('"model":"–","serialNumber":"–",', '');
      if (expected.includes('tooMuch')) assert.ok(plain.endsWith(expected), words);
      else assert.equal(plain, expected);
    });
  }
});

describe('a limit of the DC input above 60 V', () => {
  const check = browserCheck();
  it('is marked by the dialog, and used and told where it is stored already', () => {
    const one = settingsOf(form).find(({ name }) => name === 'mainsThreshold');
    const rule = one && ruleOf(one);
    assert.ok(rule);
    for (const [value, used, warned] of [
      [54, 54, []],
      [60, 60, []],
      [230, 230, ['log.settingKept']],
      ['190.5', 190.5, ['log.settingKept']],
      [-1, null, ['log.settingLimited']],
    ] as const) {
      const warnings: string[] = [];
      const node = {
        warn: (line: string) => warnings.push(line),
        credentials: {},
      } as unknown as Node<object>;
      const config = { source: 'lan', url: 'ups', mainsThreshold: value };
      const { settings } = readSettings(
        { _: (key: string) => key } as unknown as NodeAPI,
        node,
        form,
        config,
      );
      assert.equal(settings.mainsThreshold, used);
      assert.deepEqual(warnings, warned);
      const dialog = { id: 'n', _def: { category: 'config' }, ...config };
      const isMarked: boolean = check(dialog, 'ups-device', rule, value) !== true;
      assert.equal(isMarked, warned.length > 0, String(value));
    }
  });
});
