/** Hostile answers and messages against Enapter's clients, in a process of its own: see `test/lib/enapter/bounds.test.ts`. */
import { once } from 'node:events';
import http, { type ServerResponse } from 'node:http';
import net, { type AddressInfo } from 'node:net';

import { toDeviceError } from '../../lib/core/errors';
import { Transport } from '../../lib/core/http/transport';
import { EnapterClient } from '../../lib/enapter/rest/client';
import { startBroker } from '../../simulators/enapter/broker';
import { COMMANDS, FROM, plainConfig, startDevice } from './enapter-device';
import { type Measured, measure } from './measured';

/** What became of it. */
export interface Outcome {
  what: string;
  outcome: string;
  blocked: number;
  peak: number;
}

type Reply = (response: ServerResponse, url: URL, body: string) => void;

const RANGE = { from: '2025-01-01T00:00:00Z', to: '2025-02-01T00:00:00Z' };
/** Bytes from the start: to make them is the server's work, which shares this process. */
const json = (text: string): Reply => {
  const body = Buffer.from(text);
  return (response) => response.setHeader('content-type', 'application/json').end(body);
};
const csv =
  (columns: number, write: (response: ServerResponse) => void): Reply =>
  (response) => {
    response.setHeader('content-type', 'text/csv');
    // Node.js takes heads of 16 KB at most.
    const types = Array.from({ length: columns }, () => 'float').join(',');
    response.setHeader('x-enapter-timeseries-data-types', types.slice(0, 12_000));
    response.write(`ts,${Array.from({ length: columns }, (_, n) => `telemetry=a${n}`).join(',')}\n`);
    write(response);
  };
const times = (count: number, line: string): string => line.repeat(count);
/** Bytes from the start, as for JSON. */
const lines = (text: string): ((response: ServerResponse) => void) => {
  const body = Buffer.from(text);
  return (response) => response.end(body);
};
/** Writes lines for ever, as fast as they are read. */
const forEver =
  (line: string) =>
  (response: ServerResponse): void => {
    const more = (): void => {
      while (!response.destroyed && response.write(line.repeat(1000)));
    };
    response.on('drain', more);
    more();
  };

type Ask = (client: EnapterClient) => Promise<unknown>;
const list: Ask = (client) => client.list();
const series: Ask = (client) => client.timeseries('device-1', { attributes: 'a0', ...RANGE });

const REST: readonly [what: string, ask: Ask, response: Reply][] = [
  ['CSV of 2,600 columns and 50,000 one-cell rows', series, csv(2600, lines(times(50_000, '1\n')))],
  ['CSV of 200 columns and a million one-cell rows', series, csv(200, lines(times(1_000_000, '1\n')))],
  [
    'CSV of 200 columns and 40,000 empty rows',
    series,
    csv(200, lines(times(40_000, `1735689600${','.repeat(200)}\n`))),
  ],
  ['CSV of rows without end', series, csv(1, forEver('1735689600,\n'))],
  ['CSV of one line without end', series, csv(1, forEver('1'))],
  [
    'CSV within quotes without end',
    series,
    csv(1, (response) => {
      response.write('1735689600,"');
      forEver('x')(response);
    }),
  ],
  ['CSV of a million rows of nan', series, csv(1, lines(times(1_000_000, '1735689600,nan\n')))],
  ['CSV of commas alone', series, csv(1, lines(times(8_000_000, ',')))],
  ['CSV of quotes alone', series, csv(1, lines(times(4_000_000, '"')))],
  [
    'a list that always has another page',
    list,
    (response, url) => {
      const offset = Number(url.searchParams.get('offset'));
      const devices = Array.from({ length: 50 }, (_, n) => ({ id: `d${offset + n}`, name: 'x' }));
      json(JSON.stringify({ devices, total_count: 1e9 }))(response, url, '');
    },
  ],
  [
    'pages of one new device each',
    list,
    (response, url) => {
      json(JSON.stringify({ devices: [{ id: `d${url.searchParams.get('offset')}` }] }))(response, url, '');
    },
  ],
  ['the same page again, and a total', list, json('{"devices":[{"id":"a"}],"total_count":100}')],
  ['the same page again, and no total', list, json('{"devices":[{"id":"a"}]}')],
  [
    'pages of nothing but entries without id',
    list,
    json(`{"devices":[${times(49, '{},')}{}],"total_count":1e9}`),
  ],
  ['32 MB of {}', list, json(`{"devices":[${times(11_000_000, '{},')}{}]}`)],
  ['1 MB of {}', list, json(`{"devices":[${times(340_000, '{},')}{}]}`)],
  ['1 MB of [', list, json(`{"devices":${times(500_000, '[')}${times(500_000, ']')}}`)],
  [
    '1 MB of errors',
    list,
    (response) => {
      response.statusCode = 400;
      response.setHeader('content-type', 'application/json');
      response.end(`{"errors":[${times(24_000, '{"message":"$t((\\"\\"\\"\\"","code":"x"},')}{}]}`);
    },
  ],
  [
    'an execution with 4 MB of log',
    (client) => client.execution('device-1', 'x'),
    json(`{"execution":{"state":"SUCCESS","log":[${times(1_300_000, '{},')}{}]}}`),
  ],
  [
    'a manifest of 4 MB',
    (client) => client.get('device-1', 'manifest'),
    json(`{"device":{"id":"device-1","manifest":{"a":"${times(3_900_000, 'x')}"}}}`),
  ],
];

function briefly(outcome: unknown): string {
  const text = JSON.stringify(outcome);
  if (Array.isArray(outcome)) return `${outcome.length} entries`;
  const { rows } = outcome as { rows?: unknown[] };
  return rows ? `${rows.length} rows` : text.slice(0, 60);
}

async function tried(work: () => Promise<unknown>): Promise<string> {
  try {
    return briefly(await work());
  } catch (thrown) {
    const { code, reason } = toDeviceError(thrown);
    return `${code} ${reason}`;
  }
}

async function rest(): Promise<Outcome[]> {
  let respond: Reply = (response) => response.end();
  const server = http.createServer((request, response) => {
    response.on('error', () => undefined);
    request.resume();
    respond(response, new URL(request.url ?? '/', 'http://x'), '');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const transport = new Transport();
  const client = new EnapterClient({ url, token: 'a-token', timeout: 5000 }, transport);
  // The first call loads the HTTP client.
  respond = json('{"devices":[]}');
  await client.list();
  const outcomes: Outcome[] = [];
  for (const [what, ask, given] of REST) {
    respond = given;
    outcomes.push({ what, ...(await measure(() => tried(() => ask(client)))) });
  }
  transport.close();
  server.closeAllConnections();
  server.close();
  return outcomes;
}

async function mqtt(): Promise<Outcome[]> {
  const broker = await startBroker();
  const { connection, availability } = startDevice(plainConfig(broker.port));
  await availability.waitFor(({ available }) => available, 'connection');
  connection.desk.listen({ command: '', timeout: 60_000, take: () => undefined });
  let ends = 0;
  const send = async (count: number, body: (n: number) => string): Promise<string> => {
    for (let n = 0; n < count; n++) await broker.publish(COMMANDS, body(n));
    // Without a name it is answered at once, after all that came before it.
    const end = `end-${ends++}`;
    const done = broker.nextPublish(({ topic, body: said }) => topic.startsWith(FROM) && said.includes(end));
    await broker.publish(COMMANDS, JSON.stringify({ id: end }));
    await done;
    return JSON.stringify(connection.counts.commands);
  };
  const long = (fill: string): string =>
    `{"id":"a","name":"x","arguments":{"a":"${fill.repeat(1024 * 1024)}"}}`;
  const cases: [what: string, work: () => Promise<string>][] = [
    ['20 commands of 8 MB', () => send(20, () => long('12345678'))],
    [
      '3,000 commands of 80 KB',
      () => send(3000, (n) => `{"id":"i${n}","name":"n${n}","arguments":{"a${'x'.repeat(80_000)}":1}}`),
    ],
    ['256 KB of [', () => send(20, () => '['.repeat(256 * 1024))],
    [
      '256 KB of keys',
      () =>
        send(
          20,
          (n) =>
            `{"id":"k${n}","name":"x","arguments":{${Array.from({ length: 20_000 }, (_, k) => `"k${k}":1`).join(',')}}}`,
        ),
    ],
  ];
  const outcomes: Outcome[] = [];
  for (const [what, work] of cases) outcomes.push({ what, ...(await measure(work)) });
  await connection.close();
  await broker.close();
  return outcomes;
}

/** A broker that sends one publication of 200 MB, and then a command. */
async function flood(): Promise<Outcome> {
  const size = 200 * 1024 * 1024;
  let respond: (text: string) => void = () => undefined;
  const responded = new Promise<string>((resolve) => (respond = resolve));
  const server = net.createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => {
      socket.write(Buffer.from([0x20, 2, 0, 0]));
      socket.once('data', (subscription) => {
        socket.write(Buffer.from([0x90, 3, subscription[2] ?? 0, subscription[3] ?? 0, 0]));
        socket.write(Buffer.concat([Buffer.from([0x30]), lengthOf(size)]));
        const piece = Buffer.alloc(64 * 1024);
        let left = size;
        const more = (): void => {
          while (left > 0) {
            left -= piece.length;
            if (!socket.write(piece)) return void socket.once('drain', more);
          }
          const topic = Buffer.from(COMMANDS);
          const body = Buffer.from('{"id":"a","name":"x"}');
          const length = 2 + topic.length + body.length;
          socket.write(Buffer.concat([Buffer.from([0x30, length, 0, topic.length]), topic, body]));
          socket.on('data', (chunk) => respond(chunk.toString().includes('"error"') ? 'answered' : 'odd'));
        };
        more();
      });
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { connection } = startDevice(plainConfig((server.address() as AddressInfo).port));
  const measured: Measured<string> = await measure(() => responded);
  await connection.close();
  server.close();
  return { what: 'a publication of 200 MB, and then a command', ...measured };
}

function lengthOf(size: number): Buffer {
  const bytes: number[] = [];
  for (let rest = size; rest > 0 || bytes.length === 0; rest = Math.floor(rest / 128)) {
    bytes.push((rest % 128) | (rest >= 128 ? 0x80 : 0));
  }
  return Buffer.from(bytes);
}

async function main(): Promise<void> {
  const outcomes = [...(await rest()), ...(await mqtt()), await flood()];
  process.stdout.write(JSON.stringify(outcomes));
  process.exit(0);
}

void main();
