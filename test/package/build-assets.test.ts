import { strict as assert } from 'node:assert';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { buildAssets } from '../../scripts/build-assets';
import { SHARED_TEXTS } from '../../nodes/shared/version';
import { LANGUAGES } from '../../scripts/assets/sources';

const EDITOR = `<script type="text/javascript">RED.nodes.registerType('probe', { category: 'x', icon: "acme.svg" });</script>`;

const HELP = `A probe.

### Inputs

: payload (object) : text, \`value: 1\`
: topic : none
: payload.importPower, payload.exportPower (W) : both

Two colons: \`a\` (b), and more: c.
`;

const HOLDER = SHARED_TEXTS.slice(SHARED_TEXTS.indexOf('/') + 1);

describe('build-assets', () => {
  let root: string;

  const put = (path: string, content: string | object): void => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), typeof content === 'string' ? content : JSON.stringify(content));
  };
  const remove = (path: string): void => rmSync(join(root, path));
  const built = (path: string): string => readFileSync(join(root, 'dist/nodes/acme', path), 'utf8');
  /** The catalogue of the vendor: texts of all its nodes, and those of `probe`. */
  const putTexts = (language: string, own: object, ofVendor: object = {}): void =>
    put(`locales/${language}/acme.json`, { ...ofVendor, nodes: { probe: own } });
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
      putTexts(language, { probe: { host: `Host (${language})` }, status: { idle: 'idle' } });
      put(`locales/${language}/help/probe.md`, HELP.replace('text', `text (${language})`));
    }
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  it('puts editor, help and icon beside the compiled node and merges the shared texts into its catalogue', () => {
    assert.deepEqual(buildAssets(root), []);
    assert.equal(built('probe.html'), EDITOR);
    assert.equal(built('icons/acme.svg'), '<svg/>');
    for (const language of LANGUAGES) {
      const help = built(`locales/${language}/probe.html`);
      assert.match(help, /^<script type="text\/markdown" data-help-name="probe">\nA probe\.\n/);
      // What Node-RED's own syntax for a property takes: a type, and no further colon.
      assert.ok(help.includes(`\n: payload (object) : text (${language}), <code>value&#58; 1</code>\n`));
      assert.ok(help.includes('\n: topic ( ) : none\n'));
      assert.ok(help.includes('\n: payload.importPower,<br>payload.exportPower (W) : both\n'));
      assert.ok(help.includes('\nTwo colons&#58; `a` (b), and more&#58; c.\n'));
      assert.deepEqual(JSON.parse(built(`locales/${language}/probe.json`)), {
        status: { lost: `lost __reason__ (${language})`, idle: 'idle' },
        probe: { host: `Host (${language})` },
      });
    }
  });

  it('gives a node the texts of its vendor, and of no other vendor or node', () => {
    putManifest({ probe: 'dist/nodes/acme/probe.js', second: 'dist/nodes/other/second.js' });
    put('dist/nodes/other/second.js', '');
    put('nodes/other/second.html', EDITOR);
    for (const language of LANGUAGES) {
      putTexts(language, { own: 'probe' }, { status: { acme: language } });
      put(`locales/${language}/other.json`, { status: { other: language }, nodes: { second: {} } });
      put(`locales/${language}/help/second.md`, HELP);
    }
    assert.deepEqual(buildAssets(root), []);
    assert.deepEqual(JSON.parse(built('locales/de/probe.json')), {
      status: { lost: 'lost __reason__ (de)', acme: 'de' },
      own: 'probe',
    });
    assert.deepEqual(JSON.parse(built('../other/locales/de/second.json')), {
      status: { lost: 'lost __reason__ (de)', other: 'de' },
    });
  });

  it('gives what all nodes may tell to the one where it is looked up', () => {
    putManifest({ probe: 'dist/nodes/acme/probe.js', [HOLDER]: `dist/nodes/other/${HOLDER}.js` });
    put(`dist/nodes/other/${HOLDER}.js`, '');
    put(`nodes/other/${HOLDER}.html`, EDITOR);
    for (const language of LANGUAGES) {
      put(`locales/${language}/shared.json`, { status: { lost: 'lost' }, errors: { any: 'any' } });
      putTexts(language, {}, { errors: { acme: 'acme' } });
      put(`locales/${language}/other.json`, { nodes: { [HOLDER]: {} } });
      put(`locales/${language}/help/${HOLDER}.md`, HELP);
    }
    assert.deepEqual(buildAssets(root), []);
    const probe = { status: { lost: 'lost' }, errors: { acme: 'acme' } };
    assert.deepEqual(JSON.parse(built('locales/sk/probe.json')), probe);
    const holder = { status: { lost: 'lost' }, errors: { any: 'any' } };
    assert.deepEqual(JSON.parse(built(`../other/locales/sk/${HOLDER}.json`)), holder);
  });

  it('needs no icon for a config node', () => {
    put('nodes/acme/probe.html', EDITOR.replace(`'x', icon: "acme.svg"`, `'config'`));
    remove('icons/acme.svg');
    assert.deepEqual(buildAssets(root), []);
  });

  it('names every problem and writes nothing where there is one', () => {
    remove('icons/acme.svg');
    remove('locales/sk/help/probe.md');
    assert.deepEqual(buildAssets(root), [
      'icons/acme.svg: missing, named in nodes/acme/probe.html',
      'locales/sk/help/probe.md: missing',
    ]);
    assert.ok(!existsSync(join(root, 'dist/nodes/acme/probe.html')));
  });

  const failures: [what: string, arrange: () => void, problem: string][] = [
    ['a missing editor part', () => remove('nodes/acme/probe.html'), 'nodes/acme/probe.html: missing'],
    ['a missing catalogue', () => remove('locales/de/acme.json'), 'locales/de/acme.json: missing'],
    ['a missing shared catalogue', () => remove('locales/de/shared.json'), 'locales/de/shared.json: missing'],
    [
      'a node without a text of its own',
      () => put('locales/de/acme.json', { nodes: {} }),
      'locales/de/acme.json: lacks "nodes.probe"',
    ],
    [
      'a catalogue of no vendor',
      () => put('locales/en-US/acne.json', {}),
      'locales/en-US/acne.json: belongs to no vendor in package.json node-red.nodes',
    ],
    [
      'texts without a node',
      () => put('locales/de/acme.json', { nodes: { probe: {}, prob: {} } }),
      'locales/de/acme.json: "nodes.prob" belongs to no node in package.json node-red.nodes',
    ],
    [
      'a vendor’s text that is shared by all',
      () => putTexts('de', {}, { status: { lost: 'x' } }),
      'locales/de/acme.json: "status.lost" is shared already',
    ],
    [
      'a node’s text that its vendor shares',
      () => putTexts('de', { status: { acme: 'x' } }, { status: { acme: 'x' } }),
      'locales/de/acme.json: "nodes.probe.status.acme" is shared already',
    ],
    ['missing help', () => remove('locales/sk/help/probe.md'), 'locales/sk/help/probe.md: missing'],
    [
      'help with another heading',
      () => put('locales/sk/help/probe.md', HELP.replace('###', '####')),
      'locales/sk/help/probe.md: other headings than en-US: 4',
    ],
    [
      'help with other code',
      () => put('locales/sk/help/probe.md', HELP.replace('value', 'hodnota')),
      'locales/sk/help/probe.md: other code than en-US: hodnota: 1',
    ],
    [
      'a property of help that Node-RED would not show as one',
      () => put('locales/de/help/probe.md', HELP.replace(' : text', ', text')),
      'locales/de/help/probe.md: ": payload (object), text, `value: 1`" is not ": name (type) : text"',
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
      'help without a node',
      () => put('locales/de/help/second.md', ''),
      'locales/de/help/second.md: belongs to no node in package.json node-red.nodes',
    ],
    [
      'help that is not Markdown',
      () => put('locales/de/probe.html', ''),
      'locales/de/probe.html: belongs to no node in package.json node-red.nodes',
    ],
    [
      'a language that is not known',
      () => put('locales/fr/acme.json', {}),
      'locales/fr: not one of en-US, de, sk',
    ],
    [
      'a text that is not translated',
      () => putTexts('de', { probe: {}, status: { idle: 'idle' } }),
      'locales/de/acme.json: lacks "nodes.probe.probe.host" (compared with en-US)',
    ],
    [
      'a translation of nothing',
      () => putTexts('sk', { probe: { host: 'x', port: 'y' }, status: { idle: 'idle' } }),
      'locales/sk/acme.json: has "nodes.probe.probe.port", which the reference lacks (compared with en-US)',
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

  it('refuses a node’s text that all vendors share, in each language', () => {
    for (const language of LANGUAGES) putTexts(language, { status: { lost: 'gone __reason__' } });
    assert.deepEqual(
      buildAssets(root),
      LANGUAGES.map(
        (language) => `locales/${language}/acme.json: "nodes.probe.status.lost" is shared already`,
      ),
    );
  });

  it('refuses a catalogue that cannot be parsed, without calling its texts missing', () => {
    put('locales/de/acme.json', '{ "probe": ');
    const problems = buildAssets(root);
    assert.equal(problems.length, 1);
    assert.match(String(problems[0]), /^locales\/de\/acme\.json: .*JSON/);
  });
});
