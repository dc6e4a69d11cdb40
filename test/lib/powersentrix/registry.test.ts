import assert from 'node:assert/strict';

import type { Notice } from '../../../lib/core/notices';
import { checkSender, parseBody, parsePush, type Push } from '../../../lib/powersentrix/push';
import { parsePushQuery } from '../../../lib/powersentrix/push-address';
import { PushRegistry } from '../../../lib/powersentrix/registry';
import { usedHeap } from '../../support/heap';

const data = (cmm: string, sn = 'PSX-1', odd: string[] = []): Push => ({
  kind: 'data',
  cmm,
  complex: { config: { ident: { sn } }, upsData: {} },
  odd,
  raw: {},
});

describe('the UPSes that push', () => {
  const attached = new Set(['own-1', 'own-2']);
  const make = (): { registry: PushRegistry; notices: Notice[] } => {
    const notices: Notice[] = [];
    const registry = new PushRegistry(
      (cmm) => attached.has(cmm),
      (notice) => notices.push(notice),
    );
    return { registry, notices };
  };

  it('are 500 at most, and no stranger takes the place of one with a node', () => {
    const { registry, notices } = make();
    registry.note(data('own-1'), '10.0.0.1', 0);
    for (let n = 0; n < 3000; n++) registry.note(data(`stranger-${n}`), `10.1.0.${n % 250}`, n);
    assert.equal(registry.all.length, 500);
    assert.equal(registry.get('own-1')?.pushes, 1);
    assert.ok(registry.get('stranger-2999') && !registry.get('stranger-0'));
    registry.note(data('own-2'), '10.0.0.2', 5000);
    assert.ok(registry.get('own-1') && registry.get('own-2'));
    assert.deepEqual(notices, []);
  });

  it('keep little of what strangers push', () => {
    const { registry } = make();
    const before = usedHeap();
    for (let n = 0; n < 500; n++) {
      const long = `${n}${'x'.repeat(20_000)}`;
      const query = parsePushQuery(`companyId=c&cmm=stranger-${n}&upsDescription=${long.slice(0, 15_000)}`);
      const sender = checkSender(query, () => true);
      assert.ok('cmm' in sender);
      const ident = JSON.stringify({ sn: long, type: long, mainFirmware: long, comFirmware: [long] });
      const push = parsePush('registered', sender.cmm, query, parseBody(ident));
      assert.ok('kind' in push);
      registry.note(push, '10.0.0.1', n);
    }
    assert.equal(registry.all.length, 500);
    const growth = usedHeap() - before;
    assert.ok(growth < 4, `${growth} MB`);
    assert.equal(registry.get('stranger-499')?.description?.length, 128);
  });

  it('keep all that have a node, however many', () => {
    const registry = new PushRegistry((cmm) => cmm.startsWith('own'));
    for (let n = 0; n < 600; n++) registry.note(data(`own-${n}`), '10.0.0.1', n);
    const stranger = registry.note(data('stranger'), '10.0.0.9', 601);
    assert.equal(stranger.pushes, 1);
    assert.equal(registry.all.length, 600);
    assert.equal(registry.get('stranger'), undefined);
  });

  it('are found in any spelling of their identifier', () => {
    const { registry } = make();
    registry.note(data('Küche 1'), '10.0.0.1', 0);
    assert.equal(registry.get(' Ku\u0308che 1 ')?.cmm, 'Küche 1');
  });

  it('are told of when their serial number or address changes, each change once', () => {
    const { registry, notices } = make();
    for (let n = 0; n < 10; n++) {
      registry.note(data('own-1', 'PSX-1'), '10.0.0.1', n);
      registry.note(data('own-1', 'PSX-9\n'), '10.0.0.9', n);
      registry.note(data('stranger', `PSX-${n}`), `10.0.1.${n}`, n);
    }
    assert.deepEqual(notices, [
      { reason: 'powersentrixPushSerialNumber', params: { cmm: 'own-1', before: 'PSX-1', after: 'PSX-9' } },
      { reason: 'powersentrixPushAddress', params: { cmm: 'own-1', before: '10.0.0.1', after: '10.0.0.9' } },
      { reason: 'powersentrixPushSerialNumber', params: { cmm: 'own-1', before: 'PSX-9', after: 'PSX-1' } },
      { reason: 'powersentrixPushAddress', params: { cmm: 'own-1', before: '10.0.0.9', after: '10.0.0.1' } },
    ]);
    for (let n = 0; n < 1000; n++) registry.note(data('own-1', `X${n}`), `10.9.0.${n}`, n);
    assert.equal(notices.length, 50);
    // One that pushes under many addresses does not silence another.
    registry.note(data('own-2', 'A'), '10.0.0.2', 0);
    registry.note(data('own-2', 'B'), '10.0.0.2', 0);
    assert.equal(notices.length, 51);
  });

  it('are told of once for each odd part', () => {
    const { registry, notices } = make();
    for (let n = 0; n < 5; n++) registry.note(data('own-1', 'PSX-1', ['upsData.temps.board']), '10.0.0.1', n);
    registry.note(data('stranger', 'PSX-1', ['upsData.ps']), '10.0.0.1', 0);
    assert.deepEqual(notices, [
      { reason: 'powersentrixPushOdd', params: { cmm: 'own-1', part: 'upsData.temps.board' } },
    ]);
  });
});
