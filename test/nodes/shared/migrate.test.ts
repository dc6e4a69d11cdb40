import assert from 'node:assert/strict';

import type { Node, NodeAPI, NodeDef, NodeInitializer } from 'node-red';
import { createNode, currentVersion, migrate, type Steps } from '../../../nodes/shared/migrate';
import { readManifest, projectRoot } from '../../../scripts/support/project-root';
import { dialogDefinitions } from '../../support/dialogs';
import { LEVEL, loadFlow, PLACED, TAB, unloadFlow } from '../../support/flow';

/** Version 2 renamed `ip` to `host`, version 3 counts in seconds. */
const STEPS: Steps = {
  probe: [
    (settings) => {
      settings.host = settings.ip;
      delete settings.ip;
    },
    (settings) => {
      settings.interval = Number(settings.interval) / 1000;
    },
  ],
};

describe('migrate', () => {
  it('leaves the settings of a type that has never changed as they are', () => {
    const settings = { host: 'a', configVersion: 1 };
    assert.equal(migrate('other', settings, STEPS), undefined);
    assert.deepEqual(settings, { host: 'a', configVersion: 1 });
  });

  const old: [what: string, settings: Record<string, unknown>][] = [
    ['from before there was a version', { ip: 'a', interval: 5000 }],
    ['of version 1', { ip: 'a', interval: 5000, configVersion: 1 }],
    ['whose version is none', { ip: 'a', interval: 5000, configVersion: 'x' }],
    ['of version 2', { host: 'a', interval: 5000, configVersion: 2 }],
    ['of today', { host: 'a', interval: 5, configVersion: 3 }],
  ];
  for (const [what, settings] of old) {
    it(`takes settings ${what} through the steps that they lack`, () => {
      assert.equal(migrate('probe', settings, STEPS), undefined);
      assert.deepEqual(settings, { host: 'a', interval: 5, configVersion: 3 });
    });
  }

  it('leaves settings of the future alone and tells their version', () => {
    const settings = { address: 'a', configVersion: 4 };
    assert.equal(migrate('probe', settings, STEPS), 4);
    assert.deepEqual(settings, { address: 'a', configVersion: 4 });
  });
});

describe('createNode', () => {
  let created: (NodeDef & Record<string, unknown>) | undefined;
  const probe = ((RED: NodeAPI): void => {
    RED.nodes.registerType('probe', function (this: Node, config: NodeDef) {
      createNode(RED, this, config, STEPS);
      created = { ...config };
    });
  }) as NodeInitializer;
  const load = (settings: Record<string, unknown>): ReturnType<typeof loadFlow> =>
    loadFlow([probe], [TAB, { id: 'p', type: 'probe', ...PLACED, ...settings }]);
  afterEach(async () => {
    await unloadFlow();
  });

  it('gives an older flow’s node its settings of today', async () => {
    const flow = await load({ ip: 'a', interval: 5000, name: 'mine' });
    assert.deepEqual(
      [created?.host, created?.interval, created?.ip, flow.node('p').name],
      ['a', 5, undefined, 'mine'],
    );
    assert.deepEqual(flow.log(LEVEL.warn), []);
  });

  it('warns of a flow from a newer version, and still makes the node', async () => {
    const flow = await load({ configVersion: 7, host: 'a' });
    assert.equal(flow.node('p').type, 'probe');
    assert.deepEqual(
      flow.log(LEVEL.warn).map(({ msg }) => msg),
      ['log.configNewer'],
    );
  });
});

describe('configVersion', () => {
  const definitions = dialogDefinitions();
  for (const type of Object.keys(readManifest(projectRoot())['node-red'].nodes)) {
    it(`of a new ${type} is that of today`, () => {
      assert.equal(definitions.get(type)?.defaults.configVersion?.value, currentVersion(type));
    });
  }
});
