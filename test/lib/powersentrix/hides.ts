import assert from 'node:assert/strict';
import { inspect } from 'node:util';

import type { DeviceError } from '../../../lib/core/errors';

/** Every text that an error can show, in every spelling in which a secret could stand there. */
export function assertHides(error: DeviceError, secret: string): void {
  const shown = [inspect(error, { depth: 10 }), JSON.stringify(error), error.stack ?? '', error.message].join(
    '\n',
  );
  const query = new URLSearchParams({ s: secret }).toString().slice(2);
  for (const spelling of [secret, encodeURIComponent(secret), query]) {
    assert.ok(!shown.includes(spelling), `the secret shows in: ${shown}`);
  }
}
