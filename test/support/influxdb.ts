import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A real InfluxDB 1.x on loopback, with a folder of its own. */
export interface InfluxDb {
  readonly url: string;
  /** Writes points in the line protocol. */
  write(lines: readonly string[]): Promise<void>;
  /** The same with times in ms. */
  writeMs(lines: readonly string[]): Promise<void>;
  /** The body of a query's answer, as it is. */
  query(q: string, params?: Readonly<Record<string, string>>): Promise<string>;
  close(): Promise<void>;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (typeof address !== 'object' || address === null) throw new Error('no port');
  return address.port;
}

/** @param rows that it gives to a query at the most, marked as partial; 0: all */
export async function startInfluxDb(rows: number): Promise<InfluxDb> {
  const folder = mkdtempSync(join(tmpdir(), 'influxdb-'));
  const [port, rpc] = [await freePort(), await freePort()];
  const config = join(folder, 'influxdb.conf');
  writeFileSync(
    config,
    [
      'reporting-disabled = true',
      `bind-address = "127.0.0.1:${rpc}"`,
      `[meta]\ndir = "${folder}/meta"`,
      `[data]\ndir = "${folder}/data"\nwal-dir = "${folder}/wal"`,
      `[http]\nbind-address = "127.0.0.1:${port}"\nmax-row-limit = ${rows}\nlog-enabled = false`,
      '[monitor]\nstore-enabled = false',
    ].join('\n'),
  );
  const server = spawn('influxd', ['-config', config], { stdio: ['ignore', 'ignore', 'pipe'] });
  const ended = once(server, 'exit');
  const url = `http://127.0.0.1:${port}`;
  // It says on which address it listens.
  await new Promise<void>((resolve, reject) => {
    let said = '';
    server.stderr.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      if (said.includes('Listening on HTTP') || said.includes('Listening for signals')) resolve();
    });
    server.once('error', reject);
    server.once('exit', () => reject(new Error(`influxd ended: ${said.slice(-2000)}`)));
  });
  const post = async (path: string, body: string): Promise<string> => {
    const response = await fetch(url + path, { method: 'POST', body });
    if (response.status !== 204 && response.status !== 200) throw new Error(await response.text());
    return response.text();
  };
  await post('/query?q=CREATE%20DATABASE%20garage', '');
  return {
    url,
    write: async (lines) => {
      await post('/write?db=garage&precision=s', lines.join('\n'));
    },
    writeMs: async (lines) => {
      await post('/write?db=garage&precision=ms', lines.join('\n'));
    },
    query: async (q, params = {}) => {
      const response = await fetch(
        `${url}/query?${new URLSearchParams({ db: 'garage', ...params, q }).toString()}`,
      );
      return response.text();
    },
    close: async () => {
      server.kill();
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
