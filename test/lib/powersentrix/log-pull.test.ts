import assert from 'node:assert/strict';

import { LogMemory, type LogRecord, parseLogRecord, pullNewLogs } from '../../../lib/powersentrix/log';
import { newSeed, Seeded } from '../../support/seeded';

/** A portal's log, and how it gives it out. */
class Portal {
  records: LogRecord[] = [];
  pages: number[] = [];
  /** runs before each page */
  beforePage: (page: number) => void = () => undefined;
  private made = 0;

  constructor(
    readonly newestFirst: boolean,
    /** records a page, whatever was asked */
    readonly size = 50,
    /** what is there behind the end: nothing, or the last page again */
    readonly clamps = false,
  ) {}

  /** Adds records; `id` of the first, counted on from the last one by default. */
  add(count: number, id = (this.records.at(-1)?.id ?? 0) + 1, withId = true): string[] {
    const added = Array.from({ length: count }, (_, index) => {
      const made = ++this.made;
      const timestamp = new Date(Date.UTC(2026, 4, 8) + made * 1000).toISOString().slice(0, 19);
      const entry = { code: `C${made}`, description: 'x', timestamp, ...(withId ? { id: id + index } : {}) };
      return parseLogRecord(entry) ?? assert.fail();
    });
    this.records.push(...added);
    return added.map(({ code }) => code);
  }

  readonly fetchPage = (page: number, limit: number): Promise<LogRecord[]> => {
    this.beforePage(page);
    this.pages.push(page);
    const size = Math.min(this.size, limit);
    const last = Math.max(0, Math.ceil(this.records.length / size) - 1);
    const at = this.clamps ? Math.min(page, last) : page;
    const ordered = this.newestFirst ? [...this.records].reverse() : this.records;
    return Promise.resolve(ordered.slice(at * size, (at + 1) * size).map((one) => ({ ...one })));
  };
}

/** Reads once as a node does, over a restart if wanted. */
class Reader {
  memory = new LogMemory();
  most = 0;

  constructor(readonly portal: Portal) {}

  async read(): Promise<string[]> {
    this.portal.pages = [];
    const { records } = await pullNewLogs(this.memory, this.portal.fetchPage);
    this.most = Math.max(this.most, this.portal.pages.length);
    return records.map(({ code }) => code);
  }

  /** Reads until nothing more comes. */
  async all(): Promise<string[]> {
    const told: string[] = [];
    for (let idle = 0; idle < 3;) {
      const more = await this.read();
      told.push(...more);
      idle = more.length === 0 ? idle + 1 : 0;
    }
    return told;
  }

  restart(): void {
    this.memory = new LogMemory(JSON.parse(JSON.stringify(this.memory.state)));
  }
}

const shapes: [what: string, make: () => Portal][] = [
  ['newest first', () => new Portal(true)],
  ['oldest first', () => new Portal(false)],
  ['newest first, short pages', () => new Portal(true, 10)],
  ['oldest first, short pages', () => new Portal(false, 10)],
  ['newest first, the last page for ever', () => new Portal(true, 50, true)],
  ['oldest first, the last page for ever', () => new Portal(false, 50, true)],
];

describe('the log of the cloud', () => {
  for (const [what, make] of shapes) {
    describe(what, () => {
      const tables: [what: string, before: number, added: number[]][] = [
        ['a few', 120, [1, 2, 3]],
        ['none before', 0, [1, 60, 3]],
        ['one before', 1, [1, 1, 70]],
        ['thousands before', 3000, [5, 120, 1]],
        ['a full page at a time', 100, [50, 50, 100]],
        ['more than one reading takes', 200, [1700, 3, 2400]],
      ];
      for (const [title, before, added] of tables) {
        it(`each once: ${title}`, async () => {
          const reader = new Reader(make());
          reader.portal.add(before);
          assert.deepEqual(await reader.all(), []);
          for (const count of added) {
            const codes = reader.portal.add(count);
            const told = await reader.all();
            assert.deepEqual([...told].sort(), [...codes].sort());
            if (count <= 100) assert.deepEqual(told, codes);
            reader.restart();
          }
          assert.ok(reader.most <= 20, `${reader.most} requests`);
          await reader.read();
          assert.ok(
            reader.portal.pages.length <= 3,
            `${reader.portal.pages.length} requests when nothing is new`,
          );
        });
      }

      const resets: [what: string, reset: (portal: Portal) => string[]][] = [
        ['the log is empty and counts from 1', (portal) => ((portal.records = []), portal.add(3, 1))],
        [
          'the log is empty and soon higher than before',
          (portal) => ((portal.records = []), portal.add(180, 100)),
        ],
        ['the log goes on with 1', (portal) => portal.add(3, 1)],
        ['some on the old count, some on the new', (portal) => [...portal.add(2), ...portal.add(3, 1)]],
        [
          'all are numbered anew',
          (portal) => {
            portal.records = portal.records.map((one, index) => ({ ...one, id: index + 1 }));
            return portal.add(4);
          },
        ],
        [
          'a backup was put back',
          (portal) => {
            portal.records.splice(-5);
            return portal.add(12);
          },
        ],
        [
          'the log is emptied and the count goes on',
          (portal) => {
            const next = (portal.records.at(-1)?.id ?? 0) + 1;
            portal.records = [];
            return portal.add(4, next);
          },
        ],
        [
          'old records are thrown away',
          (portal) => {
            portal.records.splice(0, 130);
            return portal.add(4);
          },
        ],
      ];
      for (const [title, reset] of resets) {
        it(`when ${title}`, async () => {
          const reader = new Reader(make());
          reader.portal.add(150, 9000);
          await reader.all();
          reader.portal.add(30);
          await reader.all();
          const codes = reset(reader.portal);
          assert.deepEqual(await reader.all(), codes);
          reader.restart();
          const more = reader.portal.add(2);
          assert.deepEqual(await reader.all(), more);
          assert.ok(reader.most <= 20);
        });
      }

      it('while it grows', async () => {
        for (const grow of [1, 5, make().size]) {
          const reader = new Reader(make());
          reader.portal.add(130);
          await reader.all();
          const codes = reader.portal.add(2 * reader.portal.size);
          let left = 4;
          reader.portal.beforePage = () => {
            if (left-- > 0) codes.push(...reader.portal.add(grow));
          };
          assert.deepEqual((await reader.all()).sort(), codes.sort());
        }
      });

      it('without numbers', async () => {
        const reader = new Reader(make());
        reader.portal.add(130, 0, false);
        assert.deepEqual(await reader.all(), []);
        for (const count of [1, 3, 60]) {
          const codes = reader.portal.add(count, 0, false);
          assert.deepEqual(await reader.all(), codes);
        }
      });

      it('though a request fails', async () => {
        const reader = new Reader(make());
        reader.portal.add(130);
        await reader.all();
        const codes = reader.portal.add(120);
        const told: string[] = [];
        for (let broken = 0; broken < 8; broken++) {
          let requests = 0;
          reader.portal.beforePage = () => {
            if (requests++ === broken) throw new Error('broken');
          };
          told.push(...(await reader.read().catch(() => [])));
        }
        reader.portal.beforePage = () => undefined;
        told.push(...(await reader.all()));
        assert.deepEqual(told.sort(), codes.sort());
      });
    });
  }

  it('begins anew on its only page, which every other one repeats', async () => {
    for (const before of [51, 60, 101]) {
      const reader = new Reader(new Portal(false, 50, true));
      reader.portal.add(before, 9000);
      await reader.all();
      reader.portal.records = [];
      const codes = reader.portal.add(7, 1);
      assert.deepEqual(await reader.read(), codes);
      assert.ok(reader.most <= 20, `${reader.most} requests`);
    }
  });

  it('of one record that begins anew is no log in the other order', async () => {
    for (const newestFirst of [true, false]) {
      const reader = new Reader(new Portal(newestFirst));
      reader.portal.add(1, 5000);
      assert.deepEqual(await reader.all(), []);
      const codes = reader.portal.add(1, 1);
      assert.deepEqual(await reader.all(), codes);
    }
  });

  it('of one record a page is read from the right end', async () => {
    for (const newestFirst of [true, false]) {
      const reader = new Reader(new Portal(newestFirst, 1));
      reader.portal.add(1);
      assert.deepEqual(await reader.all(), []);
      const codes = reader.portal.add(13);
      assert.deepEqual(await reader.all(), codes);
    }
  });

  it('is no news after a restart in the search for its end', async () => {
    const reader = new Reader(new Portal(false, 1));
    reader.portal.add(5000);
    for (let readings = 0; readings < 3; readings++) {
      assert.deepEqual(await reader.read(), []);
      assert.ok(reader.most <= 20, `${reader.most} requests`);
      reader.restart();
    }
  });

  it('is not asked more than 20 times for 85,000 records', async () => {
    for (const newestFirst of [true, false]) {
      const reader = new Reader(new Portal(newestFirst));
      reader.portal.add(85_000);
      assert.deepEqual(await reader.all(), []);
      const codes = reader.portal.add(7);
      assert.deepEqual(await reader.all(), codes);
      assert.ok(reader.most <= 20, `${reader.most}`);
      await reader.read();
      assert.ok(reader.portal.pages.length <= 2);
    }
  });

  it('keeps each event once whatever happens to it', async () => {
    const random = new Seeded(newSeed());
    for (let round = 0; round < 60; round++) {
      const reader = new Reader(new Portal(random.chance(0.5), random.pick([7, 20, 50]), random.chance(0.3)));
      const { portal } = reader;
      portal.add(random.below(300), 5000);
      await reader.all();
      for (let step = 0; step < 8; step++) {
        let codes: string[] = [];
        const kind = random.pick(['add', 'add', 'restart', 'prune', 'reset', 'empty', 'fail']);
        if (kind === 'restart') reader.restart();
        if (kind === 'prune')
          portal.records.splice(0, random.below(Math.floor(portal.records.length / 2) + 1));
        if (kind === 'empty') portal.records = [];
        if (kind === 'fail') {
          portal.beforePage = () => {
            portal.beforePage = () => undefined;
            throw new Error('broken');
          };
          await reader.read().catch(() => []);
        }
        codes = portal.add(1 + random.below(120), kind === 'reset' || kind === 'empty' ? 1 : undefined);
        const where = `SEED=${random.seed} round ${round} ${kind}`;
        assert.deepEqual((await reader.all()).sort(), codes.sort(), where);
        assert.ok(reader.most <= 20, `${where}: ${reader.most} requests`);
      }
    }
  });
});
