import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { clusterSettings } from '../../lib/cluster/settings';
import { projectRoot } from '../../scripts/support/project-root';

interface Service {
  image?: string;
  build?: string;
  command?: string;
  environment?: Record<string, string>;
  secrets?: string[];
  volumes?: string[];
}

interface Compose {
  services: Record<string, Service>;
  volumes: Record<string, null>;
  secrets: Record<string, { file: string }>;
}

const page = readFileSync(join(projectRoot(), 'docs', 'several-machines.md'), 'utf8');

/** A block of code of the page. */
function block(language: string, holding: string): string {
  const found = [...page.matchAll(/```(\w+)\n([^]*?)```/g)].find(
    ([, of, text]) => of === language && text?.includes(holding),
  );
  assert.ok(found?.[2], `no block of ${language} with ${holding}`);
  return found[2];
}

/** By the parser that mocha brings along. */
function parseYaml(text: string): unknown {
  const fromMocha = createRequire(createRequire(__filename).resolve('mocha/package.json'));
  return (fromMocha('js-yaml') as { load(text: string): unknown }).load(text);
}

describe('the compose file for several machines', () => {
  const compose = parseYaml(block('yaml', 'valkey')) as Compose;
  const instances = Object.entries(compose.services).filter(([name]) => name.startsWith('node-red'));

  it('has a Valkey that keeps everything and evicts nothing', () => {
    const { valkey } = compose.services;
    assert.match(valkey?.image ?? '', /^valkey\/valkey:/);
    assert.match(valkey?.command ?? '', /--appendonly yes /);
    assert.match(valkey?.command ?? '', /--maxmemory-policy noeviction /);
    assert.deepEqual(valkey?.volumes, ['valkey-data:/data']);
  });

  it('has two Node-REDs of one cluster, shown by names of their own', async () => {
    assert.equal(instances.length, 2);
    const settings = instances.map(([, { environment = {} }]) => {
      for (const [name, value] of Object.entries(environment)) assert.equal(typeof value, 'string', name);
      const { ENERGY_DEVICES_CLUSTER_PASSWORD_FILE: file = '', ...rest } = environment;
      assert.match(file, /^\/run\/secrets\/\w+$/);
      return clusterSettings(undefined, rest);
    });
    const [one, other] = settings;
    assert.ok(one && other);
    assert.deepEqual([one.url, one.name, one.lease], [other.url, other.name, other.lease]);
    assert.deepEqual([one.instance, other.instance], ['node-red-1', 'node-red-2']);
    assert.deepEqual([one.spread, one.whenLost], ['none', 'stop']);
    assert.equal(await one.password(), undefined, 'no password stands in the file');
  });

  it('has every secret in a file, and a name that a shell takes', () => {
    for (const { secrets = [] } of Object.values(compose.services)) {
      for (const name of secrets) {
        assert.match(name, /^[A-Z][A-Z0-9_]*$/);
        assert.match(compose.secrets[name]?.file ?? '', /^\.\/secrets\//, name);
      }
    }
    for (const [, { volumes = [] }] of instances) {
      for (const volume of volumes) assert.ok((volume.split(':')[0] ?? '') in compose.volumes, volume);
    }
    const variables = [...page.matchAll(/ENERGY_DEVICES_CLUSTER[A-Z_]*/g)].map(([name]) => name);
    assert.ok(variables.length > 10);
  });

  it('gets its passwords by commands that a shell carries out', function () {
    if (process.platform === 'win32') this.skip();
    const folder = mkdtempSync(join(tmpdir(), 'several-machines-'));
    try {
      // All of it but the start of the containers; openssl may be missing, and is not what is tested.
      const script = block('sh', 'secrets/valkey-users.acl')
        .replace(/^docker .*$/m, '')
        .replaceAll('openssl rand -hex 24', 'echo 0123456789abcdef');
      execFileSync('sh', ['-e', '-c', script], { cwd: folder });
      const read = (name: string): string => readFileSync(join(folder, 'secrets', name), 'utf8');
      const hash = createHash('sha256').update(read('cluster-password').trim()).digest('hex');
      assert.equal(read('valkey-users.acl'), `user default on #${hash} ~* &* +@all\n`);
      assert.deepEqual(
        Object.values(compose.secrets).map(({ file }) => read(file.replace('./secrets/', '')).length > 10),
        [true, true, true],
      );
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
