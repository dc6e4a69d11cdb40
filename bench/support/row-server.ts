import http from 'node:http';
import type { AddressInfo } from 'node:net';

import { COLUMNS } from '../../simulators/powerflex';

const PIECE = 200;

/** One row of `ct_response`, its values made of its number. */
export function rowAt(index: number): (string | number | null)[] {
  const station = String((index % 40) + 1).padStart(2, '0');
  return [
    ...[1_700_000_000 + Math.floor(index / 40) * 60, '02', '01', '0001', station],
    ...[index % 7 === 0 ? 'UNPLUGGED' : 'ADAPTIVE', index * 3, `0001-02-01-${station} "é]`, 'AeroVironment'],
    ...[
      index % 32_000,
      32,
      'AB',
      (index % 320) / 10,
      (index % 7000) / 1000,
      null,
      '3',
      208_000 + (index % 500),
    ],
  ];
}

/** A PowerFlex host that answers every query with `rows` rows, as fast as they are taken. */
export async function startRowServer(rows: number): Promise<{ url: string; close: () => Promise<void> }> {
  // Made once and sent in rotation, so that the server costs little.
  const pieces = Array.from({ length: 50 }, (_, piece) =>
    Array.from({ length: PIECE }, (_unused, i) => JSON.stringify(rowAt(piece * PIECE + i))).join(','),
  );
  const server = http.createServer((request, response) => {
    request.resume();
    if (request.url === '/login') {
      response.end('{"access_token":"token"}');
      return;
    }
    response.write(`{"results":[{"series":[{"columns":${JSON.stringify(COLUMNS.ct_response)},"values":[`);
    let sent = 0;
    const more = (): void => {
      for (let goOn = true; goOn && sent < rows; sent += PIECE) {
        const piece = pieces[(sent / PIECE) % pieces.length] ?? '';
        goOn = response.write(sent === 0 ? piece : `,${piece}`);
      }
      if (sent >= rows) response.end('],"name":"ct_response"}],"statement_id":0}]}');
      else response.once('drain', more);
    };
    more();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
