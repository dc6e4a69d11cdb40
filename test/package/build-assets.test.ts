import { strict as assert } from 'node:assert';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { buildAssets } from '../../scripts/build-assets';
import { LANGUAGES } from '../../scripts/assets/plan';

const EDITOR = `<script type="text/javascript">RED.nodes.registerType('probe', { category: 'x', icon: "acme.svg" });</script>`;

describe('build-assets', () => {
  let root: string;

  const put = (path: string, content: string | object): void => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), typeof content === 'string' ? content : JSON.stringify(content));
  };
  const remove = (path: string): void => rmSync(join(root, path));
  const built = (path: string): string => readFileSync(join(root, 'dist/nodes/acme', path), 'utf8');
  const putManifest = (nodes: Record<string, string>): void =>
    put('package.json', { name: 'any', 'node-red': { nodes } });

  /** The sources of one node with which nothing is wrong. */
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'build-assets-'));
    putManifest({ probe: 'dist/nodes/acme/probe.js' });
    put('dist/nodes/acme/probe.js', '');
    put('nodes/acme/probe.html', EDITOR);
    put('icons/acme.svg', '<svg/>');
    for (const language of LANGUAGES) {
      put(`locales/${language}/shared.json`, { status: { lost: `lost __reason__ (${language})` } });
      put(`locales/${language}/probe.json`, {
        probe: { host: `Host (${language})` },
        status: { idle: 'idle' },
      });
      put(`locales/${language}/probe.html`, `<script data-help-name="probe"><p>${language}</p></script>`);
    }
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  it('puts editor, help and icon beside the compiled node and merges the shared texts into its catalogue', () => {
    assert.deepEqual(buildAssets(root), []);
    assert.equal(built('probe.html'), EDITOR);
    assert.equal(built('icons/acme.svg'), '<svg/>');
    for (const language of LANGUAGES) {
      assert.ok(built(`locales/${language}/probe.html`).includes(`<p>${language}</p>`));
      assert.deepEqual(JSON.parse(built(`locales/${language}/probe.json`)), {
        status: { lost: `lost __reason__ (${language})`, idle: 'idle' },
        probe: { host: `Host (${language})` },
      });
    }
  });

  it('merges the texts that only one vendor’s nodes share', () => {
    for (const language of LANGUAGES) {
      put(`locales/${language}/shared-acme.json`, { status: { acme: language } });
      put(`locales/${language}/shared-other.json`, { status: { other: language } });
    }
    put('nodes/other/note.txt', '');
    assert.deepEqual(buildAssets(root), []);
    const { status } = JSON.parse(built('locales/de/probe.json')) as { status: object };
    assert.deepEqual(status, { lost: 'lost __reason__ (de)', acme: 'de', idle: 'idle' });
  });

  it('needs no icon for a config node', () => {
    put('nodes/acme/probe.html', EDITOR.replace(`'x', icon: "acme.svg"`, `'config'`));
    remove('icons/acme.svg');
    assert.deepEqual(buildAssets(root), []);
  });

  it('names every problem and writes nothing where there is one', () => {
    remove('icons/acme.svg');
    remove('locales/sk/probe.html');
    assert.deepEqual(buildAssets(root), [
      'icons/acme.svg: missing, named in nodes/acme/probe.html',
      'locales/sk/probe.html: missing',
    ]);
    assert.ok(!existsSync(join(root, 'dist/nodes/acme/probe.html')));
  });

  const failures: [what: string, arrange: () => void, problem: string][] = [
    ['a missing editor part', () => remove('nodes/acme/probe.html'), 'nodes/acme/probe.html: missing'],
    ['a missing catalogue', () => remove('locales/de/probe.json'), 'locales/de/probe.json: missing'],
    ['a missing shared catalogue', () => remove('locales/de/shared.json'), 'locales/de/shared.json: missing'],
    [
      'a shared catalogue of a vendor that is not translated',
      () => put('locales/en-US/shared-acme.json', { status: { acme: 'x' } }),
      'locales/sk/shared-acme.json: missing',
    ],
    [
      'a shared catalogue of no vendor',
      () => put('locales/en-US/shared-acne.json', {}),
      'locales/en-US/shared-acne.json: belongs to no node in package.json node-red.nodes',
    ],
    [
      'a text that is in two shared catalogues',
      () => put('locales/de/shared-acme.json', { status: { lost: 'x' } }),
      'locales/de/shared-acme.json: "status.lost" is in a shared catalogue too',
    ],
    ['missing help', () => remove('locales/sk/probe.html'), 'locales/sk/probe.html: missing'],
    [
      'help that Node-RED would not find',
      () => put('locales/sk/probe.html', '<script data-help-name="prob"></script>'),
      'locales/sk/probe.html: lacks data-help-name="probe"',
    ],
    [
      'a missing icon',
      () => remove('icons/acme.svg'),
      'icons/acme.svg: missing, named in nodes/acme/probe.html',
    ],
    [
      'a node without an icon',
      () => put('nodes/acme/probe.html', EDITOR.replace('icon', 'image')),
      'nodes/acme/probe.html: names no icon',
    ],
    [
      'a node that is not compiled',
      () => remove('dist/nodes/acme/probe.js'),
      'dist/nodes/acme/probe.js: missing, compile first',
    ],
    [
      'an entry elsewhere',
      () => putManifest({ probe: 'dist/probe.js' }),
      'package.json: probe: "dist/probe.js" is not dist/nodes/<vendor>/probe.js',
    ],
    [
      'an entry of another name',
      () => putManifest({ probe: 'dist/nodes/acme/prob.js' }),
      'package.json: probe: "dist/nodes/acme/prob.js" is not dist/nodes/<vendor>/probe.js',
    ],
    [
      'a node that is not listed',
      () => put('nodes/acme/second.html', EDITOR),
      'nodes/acme/second.html: not listed in package.json node-red.nodes',
    ],
    [
      'a catalogue without a node',
      () => put('locales/de/second.json', {}),
      'locales/de/second.json: belongs to no node in package.json node-red.nodes',
    ],
    [
      'help without a node',
      () => put('locales/de/second.html', ''),
      'locales/de/second.html: belongs to no node in package.json node-red.nodes',
    ],
    [
      'a language that is not known',
      () => put('locales/fr/probe.json', {}),
      'locales/fr: not one of en-US, de, sk',
    ],
    [
      'a text that is not translated',
      () => put('locales/de/probe.json', { probe: {}, status: { idle: 'idle' } }),
      'locales/de/probe.json: lacks "probe.host" (compared with en-US)',
    ],
    [
      'a translation of nothing',
      () => put('locales/sk/probe.json', { probe: { host: 'x', port: 'y' }, status: { idle: 'idle' } }),
      'locales/sk/probe.json: has "probe.port", which the reference lacks (compared with en-US)',
    ],
    [
      'a shared text that is not translated',
      () => put('locales/sk/shared.json', {}),
      'locales/sk/shared.json: lacks "status.lost" (compared with en-US)',
    ],
    [
      'a translation without the placeholder',
      () => put('locales/de/shared.json', { status: { lost: 'verloren' } }),
      'locales/de/shared.json: "status.lost" has other placeholders than the reference (__reason__) (compared with en-US)',
    ],
    [
      'an empty text',
      () => put('locales/de/shared.json', { status: { lost: '' } }),
      'locales/de/shared.json: status.lost is empty',
    ],
    [
      'a catalogue that is not a catalogue',
      () => put('locales/de/shared.json', { status: ['lost'] }),
      'locales/de/shared.json: status is neither a text nor an object',
    ],
    [
      'a key that is there twice',
      () =>
        put('locales/de/shared.json', '{ "a": { "lost": "x" }, "status": { "lost": "{:\\"", "lost": "y" } }'),
      'locales/de/shared.json: "status.lost" is there twice',
    ],
  ];
  for (const [what, arrange, problem] of failures) {
    it(`refuses ${what}`, () => {
      arrange();
      assert.ok(
        buildAssets(root).includes(problem),
        `${JSON.stringify(buildAssets(root), null, 2)} lacks: ${problem}`,
      );
    });
  }

  it('refuses a text that is shared and a node’s own', () => {
    for (const language of LANGUAGES) {
      put(`locales/${language}/probe.json`, { probe: { host: 'x' }, status: { lost: 'gone __reason__' } });
    }
    assert.deepEqual(
      buildAssets(root),
      LANGUAGES.map(
        (language) => `locales/${language}/probe.json: "status.lost" is in a shared catalogue too`,
      ),
    );
  });

  it('refuses a catalogue that cannot be parsed, without calling its texts missing', () => {
    put('locales/de/probe.json', '{ "probe": ');
    const problems = buildAssets(root);
    assert.equal(problems.length, 1);
    assert.match(String(problems[0]), /^locales\/de\/probe\.json: .*JSON/);
  });
});
