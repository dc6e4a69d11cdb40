import assert from 'node:assert/strict';
import http from 'node:http';
import type { AddressInfo } from 'node:net';

import { type DeviceError, type ErrorCode, toDeviceError } from '../../../../lib/core/errors';
import { sendCommand } from '../../../../lib/core/command/outcome';
import { Transport } from '../../../../lib/core/http/transport';
import { EnapterClient } from '../../../../lib/enapter/rest/client';
import { PowercontrollerClient } from '../../../../lib/powercontroller/client';
import { commandRequest } from '../../../../lib/powercontroller/input';
import { PowerflexClient } from '../../../../lib/powerflex/client';
import { CloudClient } from '../../../../lib/powersentrix/cloud-client';
import { LanClient } from '../../../../lib/powersentrix/lan-client';

type Command = (signal?: AbortSignal) => Promise<unknown>;

interface System {
  /** where it logs in, and what a good login is answered */
  login?: { path: string; response: unknown };
  command: (url: string, transport: Transport) => Command;
  /** a command that is refused before anything is sent */
  wrong: (url: string, transport: Transport) => Command;
}

const ACCOUNT = { email: 'me@example.com', password: 'pass-word' };
/** ms for one request: little where an answer stays away, and plenty where one comes on a busy machine */
const timeout = 1500;

const SYSTEMS: Record<string, System> = {
  'a UPS at its own address': {
    command: (url, transport) => {
      const client = new LanClient({ url, apiKey: 'api-key', timeout }, transport);
      return (signal) => sendCommand(() => client.toggle(3, signal), signal);
    },
    wrong: (url, transport) => () =>
      Promise.resolve().then(() => new LanClient({ url, apiKey: '' }, transport)),
  },
  'a UPS over the cloud': {
    login: { path: '/user/authenticate', response: { token: 'token-1' } },
    command: (url, transport) => {
      const client = new CloudClient({ url, ...ACCOUNT, timeout }, transport);
      return (signal) => sendCommand(() => client.toggle('7', 3, signal), signal);
    },
    wrong: (url, transport) => () =>
      Promise.resolve().then(() => new CloudClient({ url, email: '', password: '' }, transport)),
  },
  'a power controller': {
    login: { path: '/signin', response: { token: 'token-1' } },
    command: (url, transport) => {
      const client = new PowercontrollerClient(
        { url, ...ACCOUNT, timeout, commandTimeout: timeout },
        transport,
      );
      return (signal) => client.send(commandRequest({ command: 'on' }), 'device-1', signal);
    },
    wrong: (url, transport) => () =>
      Promise.resolve().then(() => {
        const client = new PowercontrollerClient({ url, ...ACCOUNT }, transport);
        return client.send(commandRequest({ command: 'on' }), '../all');
      }),
  },
  PowerFlex: {
    login: { path: '/login', response: { access_token: 'token-1' } },
    command: (url, transport) => {
      const settings = { url, accId: 1, username: 'me', password: 'pass-word', timeout };
      const client = new PowerflexClient(settings, transport);
      return (signal) => client.setTargetPeakPower({ Jun: 700 }, signal);
    },
    wrong: (url, transport) => () =>
      Promise.resolve().then(
        () => new PowerflexClient({ url, accId: 'x', username: 'me', password: 'pw' }, transport),
      ),
  },
  Enapter: {
    command: (url, transport) => {
      const client = new EnapterClient({ url, token: 'token-1', timeout }, transport);
      return (signal) => client.execute('device-1', { name: 'on' }, { timeout, signal });
    },
    wrong: (url, transport) => {
      const client = new EnapterClient({ url, token: 'token-1' }, transport);
      return () => client.execute('', { name: 'on' });
    },
  },
};

type Reply = (response: http.ServerResponse, request: http.IncomingMessage) => void;

const says =
  (status: number, body: string): Reply =>
  (response) =>
    void response.writeHead(status, { 'content-type': 'application/json' }).end(body);
/** What Node's own server would not say. */
const saysRaw =
  (text: string): Reply =>
  (_response, request) =>
    void request.socket.end(text);
const silent: Reply = () => undefined;
const hangUp: Reply = (_response, request) => void request.socket.destroy();

/** What the command's own request is answered, and whether its outcome is open then. */
const RESPONSES: [string, Reply, open: boolean][] = [
  ['nothing, and the connection breaks', hangUp, true],
  ['nothing in time', silent, true],
  ['a page that is no JSON', says(200, '<html>Welcome</html>'), true],
  ['JSON with a bare nan', says(200, '{"info":nan}'), true],
  ['JSON nested too deep', says(200, `${'['.repeat(65)}${']'.repeat(65)}`), true],
  ['half an answer', (response) => void response.writeHead(200, { 'content-length': '99' }).end('{'), true],
  ['status 099', saysRaw('HTTP/1.1 099 What\r\nContent-Length: 0\r\n\r\n'), true],
  ['status 101 without a change of protocol', saysRaw('HTTP/1.1 101 What\r\n\r\n'), true],
  ['status 303', says(303, ''), true],
  ['status 304', says(304, ''), true],
  ['status 408', says(408, ''), true],
  ['status 499', says(499, ''), true],
  ['status 500', says(500, '{}'), true],
  ['status 502', says(502, '<html>'), true],
  ['status 503', says(503, '{"message":"no"}'), true],
  ['status 504', says(504, ''), true],
  ['status 302', says(302, ''), false],
  ['status 400', says(400, '{"message":"no"}'), false],
  ['status 403', says(403, '{"message":"no"}'), false],
  ['status 404', says(404, '{"message":"no"}'), false],
  ['status 409', says(409, '{"message":"no"}'), false],
  ['status 425', says(425, '{"message":"no"}'), false],
  ['status 429', says(429, '{"message":"no"}'), false],
];

/** What the login is answered; the command never leaves then. */
const LOGINS: [string, Reply, ErrorCode[]][] = [
  ['refused', says(401, '{"message":"no"}'), ['AUTH_FAILED']],
  ['silent', silent, ['TIMEOUT']],
  ['broken', hangUp, ['UNREACHABLE']],
  ['a page', says(200, '<html>'), ['BAD_RESPONSE']],
  ['status 500', says(500, ''), ['BAD_RESPONSE']],
  ['status 503', says(503, ''), ['UNREACHABLE']],
];

async function errorOf(work: Promise<unknown>): Promise<DeviceError> {
  try {
    await work;
  } catch (thrown) {
    return toDeviceError(thrown);
  }
  throw new assert.AssertionError({ message: 'it did not fail' });
}

describe('what is known of a command that failed', () => {
  let server: http.Server;
  let url: string;
  let transport: Transport;
  let handler: Reply;
  /** requests that were no login */
  let commands: number;

  before(async () => {
    server = http.createServer((request, response) => handler(response, request));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  after(() => {
    server.closeAllConnections();
    server.close();
  });
  beforeEach(() => {
    transport = new Transport();
    commands = 0;
    handler = says(500, '');
  });
  afterEach(() => transport.close());

  for (const [name, { login, command, wrong }] of Object.entries(SYSTEMS)) {
    describe(name, () => {
      /** Answers logins well, and everything else with `answer`. */
      const serve = (reply: Reply, loginResponse = says(200, JSON.stringify(login?.response))): void => {
        handler = (response, request) => {
          if (request.url === login?.path) {
            loginResponse(response, request);
            return;
          }
          commands++;
          reply(response, request);
        };
      };

      for (const [what, reply, open] of RESPONSES) {
        it(`${open ? 'is unknown' : 'is known'} after ${what}`, async () => {
          serve(reply);
          const error = await errorOf(command(url, transport)());
          assert.equal(error.code === 'OUTCOME_UNKNOWN', open, `${error.code} ${error.reason}`);
          assert.equal(error.sent, true);
          assert.equal(commands, 1, 'sent once');
        });
      }

      for (const [what, answer, codes] of login ? LOGINS : []) {
        it(`is known, because nothing left, when the login is ${what}`, async () => {
          serve(says(200, '{}'), answer);
          const error = await errorOf(command(url, transport)());
          assert(codes.includes(error.code), error.code);
          assert.equal(error.sent, false);
          assert.equal(commands, 0);
        });
      }

      it('is known when there is no connection', async () => {
        const closed = http.createServer();
        await new Promise<void>((resolve) => closed.listen(0, '127.0.0.1', resolve));
        const { port } = closed.address() as AddressInfo;
        await new Promise((resolve) => closed.close(resolve));
        const error = await errorOf(command(`http://127.0.0.1:${port}`, transport)());
        assert.deepEqual([error.code, error.sent], ['UNREACHABLE', false]);
      });

      it('is known when the input is refused', async () => {
        serve(says(200, '{}'));
        const error = await errorOf(wrong(url, transport)());
        assert.deepEqual([error.code, error.sent, commands], ['INVALID_INPUT', false, 0]);
      });

      it('is known when it was stopped before, and unknown when it was stopped under way', async () => {
        serve(silent);
        const run = command(url, transport);
        const before = new AbortController();
        before.abort();
        const early = await errorOf(run(before.signal));
        assert.deepEqual([early.code, early.sent, commands], ['CANCELLED', false, 0]);
        const under = new AbortController();
        serve(() => under.abort());
        const late = await errorOf(run(under.signal));
        assert.deepEqual([late.code, late.sent, commands], ['OUTCOME_UNKNOWN', true, 1]);
      });
    });
  }
});
