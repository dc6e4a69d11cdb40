import assert from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { releaseNotes, releaseProblems, type Sources } from '../../scripts/release';
import { differences, filesOf } from '../../scripts/reproducible';
import { projectRoot } from '../../scripts/support/project-root';
import { pack } from '../../scripts/verify/tarball';
import { findNodeRed, nodeRedScript } from '../support/find-node-red';

const ROOT = projectRoot();
const read = (name: string): string => readFileSync(join(ROOT, name), 'utf8');
const yaml = createRequire(nodeRedScript(findNodeRed()))('js-yaml') as { load: (text: string) => unknown };

const CHANGELOG = `# Changelog

## [Unreleased]

## [1.2.0] - 2026-12-24

### Added

- One thing.

### Fixed

- Another ## thing.

## [1.1.0] - 2026-11-01

- Older.

[1.2.0]: somewhere
`;
const GOOD: Sources = {
  manifest: { version: '1.2.0', repository: 'here' },
  changelog: CHANGELOG,
  security: 'Write to us.',
};

describe('a release', () => {
  it('has the section of the changelog as its notes', () => {
    assert.equal(
      releaseNotes('v1.2.0', CHANGELOG),
      '## Added\n\n- One thing.\n\n## Fixed\n\n- Another ## thing.\n',
    );
    assert.equal(releaseNotes('v1.1.0', CHANGELOG), '- Older.\n');
    for (const tag of ['v1.0.0', '1.2.0', 'v1.2', 'main', '', 'vUnreleased'])
      assert.throws(() => releaseNotes(tag, CHANGELOG), tag);
  });

  const CASES: [what: string, tag: string, sources: Sources, problem: RegExp][] = [
    ['a tag that is none', 'latest', GOOD, /no tag/],
    ['another version', 'v1.1.0', GOOD, /version 1\.2\.0, and not 1\.1\.0/],
    ['no section', 'v2.0.0', { ...GOOD, manifest: { ...GOOD.manifest, version: '2.0.0' } }, /no section/],
    ['no date', 'v1.2.0', { ...GOOD, changelog: CHANGELOG.replace(' - 2026-12-24', '') }, /no date/],
    [
      'changes left over',
      'v1.2.0',
      { ...GOOD, changelog: CHANGELOG.replace('d]\n', 'd]\n\n- More.\n') },
      /Unreleased/,
    ],
    ['no repository', 'v1.2.0', { ...GOOD, manifest: { version: '1.2.0' } }, /repository/],
    ['no contact', 'v1.2.0', { ...GOOD, security: 'mailto: CONTACT-PLACEHOLDER' }, /placeholder/],
  ];
  it('is possible with all it needs', () => {
    assert.deepEqual(releaseProblems('v1.2.0', GOOD), []);
  });
  for (const [what, tag, sources, problem] of CASES) {
    it(`is refused with ${what}`, () => {
      const found = releaseProblems(tag, sources);
      assert.equal(found.length, 1, found.join('\n'));
      assert.match(String(found[0]), problem);
    });
  }

  it('is refused of this project until it has a public home, and nothing says otherwise', () => {
    const manifest = JSON.parse(read('package.json')) as Sources['manifest'];
    const sources = { manifest, changelog: read('CHANGELOG.md'), security: read('SECURITY.md') };
    const found = releaseProblems(`v${manifest.version}`, sources);
    if (manifest.repository !== undefined) return;
    assert.ok(found.some((problem) => problem.includes('repository')));
    assert.ok(
      found.some((problem) => problem.includes('placeholder')),
      'SECURITY.md says that its contact is none',
    );
  });
});

describe('the package as a file', () => {
  it('is the same bytes twice, from another folder and with other times', () => {
    const work = mkdtempSync(join(tmpdir(), 'release-'));
    try {
      mkdirSync(join(work, 'out'));
      const first = readFileSync(pack(ROOT, work).path);
      const { files } = JSON.parse(read('package.json')) as { files: string[] };
      const packed = files.filter((name) => !name.startsWith('!'));
      for (const name of [...packed, 'package.json', 'README.md', 'LICENSE']) {
        const target = join(work, 'copy', name);
        cpSync(join(ROOT, name), target, { recursive: true });
        utimesSync(target, 1, 1);
      }
      const second = readFileSync(pack(join(work, 'copy'), join(work, 'out')).path);
      assert.deepEqual(differences(first, second), []);
      assert.ok(filesOf(first).size > 500);
    } finally {
      rmSync(work, { recursive: true, force: true });
    }
  });
});

describe('workflows and forms', () => {
  const texts = ['workflows', 'ISSUE_TEMPLATE'].flatMap((folder) =>
    readdirSync(join(ROOT, '.github', folder)).map((name) => `.github/${folder}/${name}`),
  );

  it('are YAML, and give away no more than they need', () => {
    assert.equal(texts.length, 5);
    for (const name of texts) assert.ok(yaml.load(read(name)), name);
    for (const name of texts.filter((one) => one.includes('workflows'))) {
      const { permissions, jobs } = yaml.load(read(name)) as {
        permissions: object;
        jobs: Record<string, { 'timeout-minutes'?: number }>;
      };
      assert.deepEqual(permissions, { contents: 'read' }, name);
      for (const job of Object.values(jobs)) assert.ok(job['timeout-minutes'], name);
      assert.doesNotMatch(read(name), /secrets\.|pull_request_target/);
    }
  });

  it('call what every change has to pass, on all that the package promises', () => {
    const check = yaml.load(read('.github/workflows/check.yml')) as {
      jobs: { check: { strategy: { matrix: Record<string, unknown> }; steps: { run?: string }[] } };
    };
    const { strategy, steps } = check.jobs.check;
    assert.deepEqual(strategy.matrix.node, ['20', '22', '24']);
    assert.deepEqual(strategy.matrix['node-red'], ['4', '5']);
    assert.deepEqual(
      steps.flatMap(({ run }) => run ?? []),
      ['bash .ci/run'],
    );
    assert.match(read('.ci/run'), /NODE_RED/);
    const release = read('.github/workflows/release.yml');
    for (const part of [
      'release.js check',
      'bash .ci/run',
      'reproducible.js',
      '--provenance',
      'npm sbom',
      'release.js notes',
    ])
      assert.ok(release.includes(part), part);
  });

  it('ask for the diagnostics', () => {
    const form = yaml.load(read('.github/ISSUE_TEMPLATE/bug.yml')) as {
      body: { id?: string; validations?: { required: boolean } }[];
    };
    const asked = form.body.find(({ id }) => id === 'diagnostics');
    assert.equal(asked?.validations?.required, true);
    assert.ok(read('.github/ISSUE_TEMPLATE/bug.yml').includes('Download diagnostics'));
  });
});
