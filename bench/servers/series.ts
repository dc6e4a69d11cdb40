import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';

import { COLUMNS } from '../../simulators/powerflex/site';
import { responseCalls } from '../support/ipc';

/** A PowerFlex site with as many rows as are asked for. */

/** Every number of rows is a multiple. */
const ROWS_A_PIECE = 500;
const STEP = 30;

function row(index: number): string {
  const station = index % 40;
  return JSON.stringify([
    1_700_000_000 + index * STEP,
    ...[1, 2, 3, 100 + station, 'CHARGING', 12.25 + (index % 100), `evse-${station}`],
    ...['J1772', 15_800, 30, 'AB', 16_000, 3.28, `P${station}`],
    ...['1.4.2', 208.4],
  ]);
}

/** Made once, so that the server is not what is measured. */
const pieces = Array.from({ length: 40 }, (_, piece) =>
  Buffer.from(
    Array.from({ length: ROWS_A_PIECE }, (_each, index) => row(piece * ROWS_A_PIECE + index)).join(','),
  ),
);
const COMMA = Buffer.from(',');

let rows = 0;

async function sendRows(response: http.ServerResponse): Promise<void> {
  response.writeHead(200, { 'content-type': 'application/json' });
  const columns = JSON.stringify(COLUMNS.ct_response);
  response.write(`{"results":[{"series":[{"columns":${columns},"name":"ct_response","values":[`);
  for (let piece = 0; piece * ROWS_A_PIECE < rows; piece++) {
    if (piece > 0) response.write(COMMA);
    if (!response.write(pieces[piece % pieces.length])) await once(response, 'drain');
  }
  response.end(']}],"statement_id":0}]}');
}

const server = http.createServer((request, response) => {
  request.resume();
  if (request.url?.includes('get_measurement_data')) void sendRows(response);
  else {
    const login = { access_token: 'bench', token_type: 'bearer' };
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(login));
  }
});

responseCalls({
  /** how many each answer has from now on */
  serve: (count: number) => {
    rows = count;
  },
  listen: async (): Promise<number> => {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  },
});
process.on('disconnect', () => process.exit(1));
