import assert from 'node:assert/strict';
import http from 'node:http';
import type { AddressInfo } from 'node:net';

import express, { type Express } from 'express';
import type { NodeAPI } from 'node-red';

import { passByEditor } from '../../../nodes/shared/http-nodes';

/** Applications as Node-RED puts them together: the editor's with three others in it, and one behind it that answers. */
class Applications {
  readonly editor = express();
  readonly ofNodes = express();
  readonly parts = [express(), express(), this.ofNodes];
  /** who was asked */
  readonly asked: string[] = [];
  private readonly root = express();
  private server = http.createServer(this.root);

  constructor(before: (editor: Express) => void = () => undefined) {
    before(this.editor);
    this.editor.use(express.json());
    for (const part of this.parts) this.editor.use(part);
    this.note(this.parts[0], 'the editor');
    this.root.use(this.editor);
    this.root.use((_request, response) => void response.end('taken'));
  }

  get RED(): NodeAPI {
    return { httpAdmin: this.ofNodes } as unknown as NodeAPI;
  }

  private note(app: Express | undefined, name: string): void {
    app?.use((_request, _response, next) => {
      this.asked.push(name);
      next();
    });
  }

  async get(path: string): Promise<string> {
    if (!this.server.listening) {
      await new Promise<void>((resolve) => void this.server.listen(0, '127.0.0.1', resolve));
    }
    const { port } = this.server.address() as AddressInfo;
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { method: 'POST' });
    return `${response.status} ${await response.text()}`;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

describe('passing by the editor', () => {
  let apps: Applications;
  const isOurs = (request: http.IncomingMessage): boolean => request.url?.startsWith('/ours') === true;
  const refuse = (_request: unknown, response: express.Response): void => void response.status(403).end('no');
  afterEach(() => apps.close());

  it('spares the editor what is ours, until it ends', async () => {
    apps = new Applications();
    const end = passByEditor(apps.RED, isOurs);
    assert.equal(await apps.get('/ours/a'), '200 taken');
    assert.deepEqual(apps.asked, []);
    assert.equal(await apps.get('/other'), '200 taken');
    assert.deepEqual(apps.asked, ['the editor']);
    end();
    assert.equal(await apps.get('/ours/a'), '200 taken');
    assert.deepEqual(apps.asked, ['the editor', 'the editor']);
  });

  it('asks what the user has put in front of the editor', async () => {
    apps = new Applications((editor) => {
      editor.use((request, response, next) => {
        if (request.query.no === undefined) next();
        else refuse(request, response);
      });
    });
    passByEditor(apps.RED, isOurs);
    assert.equal(await apps.get('/ours/a'), '200 taken');
    assert.equal(await apps.get('/ours/a?no'), '403 no');
    assert.deepEqual(apps.asked, []);
  });

  const GUARDS: [who: string, add: (to: Applications) => unknown][] = [
    ['a node, for everything', ({ ofNodes }) => ofNodes.use(refuse)],
    ['a node, for a path', ({ ofNodes }) => ofNodes.use('/ours', refuse)],
    ['a node, as a route', ({ ofNodes }) => ofNodes.all('/ours/:any', refuse)],
    ['a plugin behind the editor', ({ editor }) => editor.use(refuse)],
    ['an application of its own', ({ editor }) => editor.use(express().use(refuse))],
  ];
  for (const [who, add] of GUARDS) {
    it(`asks whoever else may keep it out: ${who}`, async () => {
      apps = new Applications();
      passByEditor(apps.RED, isOurs);
      assert.equal(await apps.get('/ours/a'), '200 taken');
      add(apps);
      assert.equal(await apps.get('/ours/a'), '403 no');
    });
  }

  it('goes on passing by what has nothing to do with its path', async () => {
    apps = new Applications();
    passByEditor(apps.RED, isOurs);
    apps.ofNodes.use('/theirs', refuse);
    apps.ofNodes.get('/ours', refuse);
    assert.equal(await apps.get('/ours/a'), '200 taken');
    assert.deepEqual(apps.asked, []);
  });

  it('leaves an editor alone that it does not know, and one that is switched off', async () => {
    apps = new Applications();
    for (const httpAdmin of [express(), { get: () => undefined, post: () => undefined }, undefined]) {
      passByEditor({ httpAdmin } as unknown as NodeAPI, isOurs)();
    }
    assert.equal(await apps.get('/ours/a'), '200 taken');
    assert.deepEqual(apps.asked, ['the editor']);
  });
});
