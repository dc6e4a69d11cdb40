import assert from 'node:assert/strict';

import { startPowersentrix, UpsModel } from '../../../simulators/powersentrix';

interface Status {
  upsData: {
    outputs: number[];
    currents: number[];
    ps: { main: number; batt: number; buv: number; cell: number[] }[];
  };
}
const statusOf = (model: UpsModel): Status['upsData'] => (model.complex() as unknown as Status).upsData;

describe('the simulated UPS', () => {
  it('discharges without mains, cuts its ports off at the limit, and charges again', () => {
    let now = Date.UTC(2026, 4, 8, 12, 32, 1);
    const model = new UpsModel({ now: () => now });
    model.setMains(false);
    now += 1_800_000;
    const half = statusOf(model).ps[0];
    assert.ok(half?.main === 0 && half.batt > half.buv && half.batt < 5220, JSON.stringify(half));
    assert.equal(
      half.cell.reduce((sum, cell) => sum + cell, 0),
      half.batt,
    );
    now += 1_900_000;
    assert.equal(statusOf(model).ps[0]?.batt, 4800);
    assert.deepEqual(new Set(statusOf(model).outputs), new Set([0]));
    assert.ok(model.log.some(({ code }) => code === 'E/B01'));
    model.setMains(true);
    now += 3_600_000;
    assert.ok((statusOf(model).ps[0]?.batt ?? 0) > 4800);
    assert.equal(model.log[0]?.timestamp, '2026-05-08 14:32:01');
    model.close();
  });

  it('counts currents as told', () => {
    assert.equal(statusOf(new UpsModel()).currents[0], 150);
    assert.equal(statusOf(new UpsModel({ currentUnit: '10mA' })).currents[0], 15);
  });

  it('fails on demand through its control routes', async () => {
    const ups = await startPowersentrix();
    const fault = (body: object): Promise<Response> =>
      fetch(`${ups.url}/_sim/fault`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
    for (const body of [
      { kind: 'mains', on: false },
      { kind: 'charge', share: 0.5 },
      { kind: 'temperature', board: 70 },
      { kind: 'weakBlock', centivolts: 80 },
      { kind: 'status', status: 500, times: 1 },
    ]) {
      assert.equal((await fault(body)).status, 200, JSON.stringify(body));
    }
    assert.deepEqual([ups.model.mains, ups.model.temperatures.board, ups.model.weakBlock], [false, 70, 80]);
    for (const body of [
      { kind: 'mains', on: 1 },
      { kind: 'charge' },
      { kind: 'temperature' },
      { kind: 'weakBlock' },
      { kind: 'register' },
      { kind: 'earthquake' },
    ]) {
      assert.equal((await fault(body)).status, 400, JSON.stringify(body));
    }
    await fetch(`${ups.url}/_sim/clear`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{}',
    });
    assert.equal(ups.model.mains, true);
    await ups.close();
  });
});
