import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { freePort } from '../../simulators/support/free-port';

/** What `promtool check metrics` says, and how it ends. */
export function promtool(text: string): { said: string; status: number | null } {
  const { stdout, stderr, status, error } = spawnSync('promtool', ['check', 'metrics'], {
    input: text,
    encoding: 'utf8',
  });
  if (error) throw error;
  return { said: stdout + stderr, status };
}

export interface Target {
  /** host and port */
  address: string;
  path: string;
  password: string;
  /** s */
  interval: number;
}

/** One series with its samples, times in s. */
export interface Matrix {
  metric: Record<string, string>;
  values: [time: number, value: string][];
}

/** A real Prometheus on loopback, with a folder of its own. */
export interface Prometheus {
  /** @throws Error for an expression that it does not take */
  query(expression: string): Promise<Matrix[]>;
  close(): Promise<void>;
}

const READY = 'Server is ready to receive web requests';

export async function startPrometheus({ address, path, password, interval }: Target): Promise<Prometheus> {
  const folder = mkdtempSync(join(tmpdir(), 'prometheus-'));
  const config = join(folder, 'prometheus.yml');
  writeFileSync(
    config,
    `scrape_configs:
  - job_name: energy
    scrape_interval: ${interval}s
    scrape_timeout: ${interval}s
    metrics_path: ${path}
    basic_auth: { username: prometheus, password: ${JSON.stringify(password)} }
    static_configs:
      - targets: [${JSON.stringify(address)}]
`,
  );
  const listen = `127.0.0.1:${await freePort()}`;
  const server = spawn(
    'prometheus',
    [`--config.file=${config}`, `--storage.tsdb.path=${folder}/data`, `--web.listen-address=${listen}`],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  const ended = once(server, 'exit');
  await new Promise<void>((resolve, reject) => {
    let said = '';
    server.stderr.on('data', (chunk: Buffer) => {
      said = (said + chunk.toString()).slice(-20_000);
      if (said.includes(READY)) resolve();
    });
    server.once('error', reject);
    server.once('exit', () => reject(new Error(`prometheus ended: ${said}`)));
  });
  return {
    query: async (expression) => {
      const body = new URLSearchParams({ query: expression });
      const response = await fetch(`http://${listen}/api/v1/query`, { method: 'POST', body });
      const { status, data, error } = (await response.json()) as {
        status: string;
        data?: { result: Matrix[] };
        error?: string;
      };
      if (status !== 'success' || !data) throw new Error(`${expression}: ${error ?? status}`);
      return data.result;
    },
    close: async () => {
      server.kill();
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
