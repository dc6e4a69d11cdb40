import assert from 'node:assert/strict';

import { DeviceError } from '../../../../lib/core/errors';
import { errorFromStatus } from '../../../../lib/core/http/errors';
import { switchVerified, type SwitchResult } from '../../../../lib/core/command/verified-switch';
import { failsWith } from '../../../support/expect-error';
import { FakeClock } from '../../../support/fake-clock';

const unreachable = (sent: boolean): DeviceError => new DeviceError('UNREACHABLE', 'gone', { sent });

/** A load whose answers a test writes down. */
class Load {
  on = false;
  reads = 0;
  toggles = 0;
  /** thrown by a read instead of an answer */
  readFault: (() => Error | undefined) | undefined;
  onToggle: () => void = () => {
    this.on = !this.on;
  };
  readonly clock = new FakeClock();

  async run(wanted: boolean | undefined, signal?: AbortSignal): Promise<SwitchResult> {
    let ended = false;
    const work = switchVerified(
      {
        isOn: () => {
          this.reads++;
          const fault = this.readFault?.();
          return fault ? Promise.reject(fault) : Promise.resolve(this.on);
        },
        toggle: () => {
          this.toggles++;
          return new Promise((resolve) => {
            this.onToggle();
            resolve();
          });
        },
      },
      wanted,
      { clock: this.clock, signal },
    ).finally(() => (ended = true));
    work.catch(() => undefined);
    await this.clock.advance(0);
    while (!ended) await this.clock.advance(this.clock.next ?? 0);
    return work;
  }
}

describe('verified switching', () => {
  it('toggles nothing that is as wanted already', async () => {
    const load = new Load();
    assert.deepEqual(await load.run(false), { on: false, changed: false, verified: true });
    assert.deepEqual([load.reads, load.toggles], [1, 0]);
  });

  it('toggles once and looks', async () => {
    const load = new Load();
    assert.deepEqual(await load.run(true), { on: true, changed: true, verified: true });
    assert.deepEqual([load.reads, load.toggles], [2, 1]);
    assert.deepEqual(await load.run(undefined), { on: false, changed: true, verified: true });
  });

  it('waits for a state that shows late', async () => {
    const load = new Load();
    load.onToggle = () => void load.clock.after(9000, () => (load.on = true));
    assert.equal((await load.run(true)).on, true);
    assert.equal(load.toggles, 1);
  });

  it('says REJECTED when the old state stays, and whether the command was answered', async () => {
    const load = new Load();
    load.onToggle = () => undefined;
    assert.equal((await failsWith(load.run(true), 'REJECTED')).reason, 'notSwitched');
    load.onToggle = () => {
      throw unreachable(true);
    };
    assert.equal((await failsWith(load.run(true), 'REJECTED')).reason, 'notSwitchedUnanswered');
    assert.equal(load.toggles, 2);
  });

  it("says the vendor's no in its own words, once the old state has stayed", async () => {
    const load = new Load();
    const words = new DeviceError('REJECTED', 'Output locked', { reason: 'powersentrixSaid', sent: true });
    load.onToggle = () => {
      throw words;
    };
    assert.equal(await failsWith(load.run(true), 'REJECTED'), words);
    assert.deepEqual([load.toggles, load.clock.monotonic()], [1, 15_000]);
    load.onToggle = () => {
      load.on = true;
      throw words;
    };
    assert.equal((await load.run(true)).changed, true);
    const blind = new Load();
    blind.onToggle = load.onToggle;
    blind.readFault = () => (blind.toggles > 0 ? unreachable(true) : undefined);
    await failsWith(blind.run(true), 'OUTCOME_UNKNOWN');
  });

  it('believes what it sees, not what it was answered', async () => {
    const load = new Load();
    load.onToggle = () => {
      load.on = true;
      throw unreachable(true);
    };
    assert.deepEqual(await load.run(true), { on: true, changed: true, verified: true });
  });

  it('tries again only when nothing left, and looks before it does', async () => {
    const load = new Load();
    load.onToggle = () => {
      if (load.toggles < 3) throw unreachable(false);
      load.on = true;
    };
    assert.equal((await load.run(true)).changed, true);
    assert.deepEqual([load.toggles, load.reads], [3, 4]);

    const gone = new Load();
    gone.onToggle = () => {
      throw unreachable(false);
    };
    await failsWith(gone.run(true), 'UNREACHABLE');
    assert.equal(gone.toggles, 3);

    const other = new Load();
    other.onToggle = () => {
      other.on = true;
      throw unreachable(false);
    };
    assert.deepEqual(await other.run(true), { on: true, changed: false, verified: true });
    assert.equal(other.toggles, 1);
  });

  it('passes a refusal on at once', async () => {
    const load = new Load();
    load.onToggle = () => {
      throw new DeviceError('FORBIDDEN', 'no', { status: 403, sent: true });
    };
    await failsWith(load.run(true), 'FORBIDDEN');
    assert.equal(load.reads, 1);
  });

  for (const status of [99, 101, 199, 303, 304, 408, 499, 500, 503, 999]) {
    it(`looks after a status that does not say whether it switched: ${status}`, async () => {
      const load = new Load();
      load.onToggle = () => {
        load.on = true;
        throw errorFromStatus(status, {}, 0);
      };
      assert.deepEqual(await load.run(true), { on: true, changed: true, verified: true });
      assert.deepEqual([load.reads, load.toggles], [2, 1]);
    });
  }

  for (const status of [300, 301, 302, 307, 308, 400, 401, 403, 404, 405, 409, 422, 425, 429]) {
    it(`takes a status that is a refusal for one: ${status}`, async () => {
      const load = new Load();
      load.onToggle = () => {
        throw errorFromStatus(status, {}, 0);
      };
      await assert.rejects(load.run(true), { status });
      assert.deepEqual([load.reads, load.toggles], [1, 1]);
    });
  }

  it('fails with the error of the first read, before anything was sent', async () => {
    const load = new Load();
    load.readFault = () => new DeviceError('CONFLICT', 'two states');
    await failsWith(load.run(true), 'CONFLICT');
    load.readFault = () => unreachable(true);
    await failsWith(load.run(true), 'UNREACHABLE');
    assert.equal(load.toggles, 0);
  });

  it('says OUTCOME_UNKNOWN when it cannot look, CONFLICT when the device contradicts itself', async () => {
    const load = new Load();
    load.readFault = () => (load.toggles > 0 ? unreachable(true) : undefined);
    await failsWith(load.run(true), 'OUTCOME_UNKNOWN');
    const torn = new Load();
    torn.readFault = () => (torn.toggles > 0 ? new DeviceError('CONFLICT', 'two states') : undefined);
    await failsWith(torn.run(true), 'CONFLICT');
  });

  it('says CANCELLED before the command, and OUTCOME_UNKNOWN after it', async () => {
    const early = new AbortController();
    early.abort();
    await failsWith(new Load().run(true, early.signal), 'CANCELLED');

    const whileReading = new AbortController();
    const reading = new Load();
    reading.readFault = () => {
      whileReading.abort();
      return undefined;
    };
    await failsWith(reading.run(true, whileReading.signal), 'CANCELLED');
    assert.equal(reading.toggles, 0);

    for (const fails of [true, false]) {
      const late = new AbortController();
      const load = new Load();
      load.onToggle = () => {
        late.abort();
        if (fails) throw new DeviceError('CANCELLED', 'stopped');
      };
      const error = await failsWith(load.run(true, late.signal), 'OUTCOME_UNKNOWN');
      assert.equal(error.reason, 'stoppedWhileSwitching');
    }
  });
});
