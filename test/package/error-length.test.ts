import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { COMMANDS } from '../../lib/powercontroller/input';
import { flatten, parseCatalogue } from '../../scripts/assets/catalogue';
import { projectRoot } from '../../scripts/support/project-root';

const LONGEST = 150;
const OPERATIONS =
  'set_real_time_load, get_target_peak_power, set_target_peak_power, get_external_signal, set_external_signal';

/** What usually stands in an error's text, by the name of its place. */
const USUAL: Readonly<Record<string, string | number>> = {
  action: 'restart',
  asked: '700 kW',
  bytes: 4194304,
  cause: 'ECONNRESET',
  choices: COMMANDS.join(', '),
  code: 'ECONNREFUSED',
  coding: 'deflate',
  detail: 'no list',
  field: 'mqtt_hostname',
  held: '650 kW',
  installed: '1.10.0',
  key: 'grid_power',
  length: 140,
  levels: 64,
  limit: 256,
  characters: 65536,
  max: 10000,
  measurements: 'ev_driver_sessions',
  message: 'Unauthorized',
  min: 1,
  month: 'Jun',
  most: 1000,
  name: 'maxLoad',
  operations: OPERATIONS,
  part: 'device_health',
  policy: 'volatile-lru',
  port: 11,
  range: '≥ 0, ≤ 100000',
  row: 24,
  running: '1.9.0',
  seconds: 300,
  setting: 'takeover',
  status: 401,
  text: 'it is not a function',
  topic: 'v1/to/ucm/telemetry',
  what: 'deviceId',
  why: 'EACCES',
  zone: 'Europe/Berlin',
};

describe('texts of errors', () => {
  const folder = join(projectRoot(), 'locales');
  for (const language of ['en-US', 'de', 'sk']) {
    it(`have at most ${LONGEST} characters with usual values: ${language}`, () => {
      const long: string[] = [];
      for (const file of readdirSync(join(folder, language)).filter((name) => name.endsWith('.json'))) {
        const texts = flatten(parseCatalogue(readFileSync(join(folder, language, file), 'utf8')));
        for (const [key, text] of texts) {
          if (!key.startsWith('errors.')) continue;
          const filled = text.replace(/__(\w+?)__/g, (place, name: string) => {
            assert.ok(Object.hasOwn(USUAL, name), `${key}: what usually stands for ${place}?`);
            return String(USUAL[name]);
          });
          if (filled.length > LONGEST) long.push(`${filled.length} ${key}: ${filled}`);
        }
      }
      assert.deepEqual(long, []);
    });
  }
});
