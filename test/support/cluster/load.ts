import { setTimeout } from 'node:timers/promises';

import type { Seeded } from '../seeded';
import { HTTP_PORTS, UPSES } from './flow';

/** A command that came over HTTP to one instance alone. */
export interface Asked {
  /** epoch ms */
  from: number;
  /** when the last answer came */
  answered: number;
  /** until when a toggle of this port is its own */
  to: number;
  ups: string;
  port: number;
  /** the instances that were asked: the first, and whoever was asked again with the same id */
  asked: string[];
  /** 200; that of a refusal; 0: the connection broke */
  status: number;
  code: string | undefined;
  text: string;
  /** whether it had an answer once that leaves open what was done */
  wasOpen: boolean;
}

/** ms between two commands */
const PAUSE = 450;
/** ms; longer than any command may be kept or forwarded, and verified */
const PATIENCE = 30_000;
/** ms in which a port is left alone after a command whose outcome is open: no copy may live longer */
const QUARANTINE = 12_000;

interface Target {
  name: string;
  url: string;
}

/** Toggles ports over HTTP at random instances, one command a port at a time. */
export class HttpLoad {
  readonly all: Asked[] = [];
  private readonly busy = new Set<string>();
  private readonly running = new Set<Promise<void>>();
  private isOver = false;
  private count = 0;

  constructor(
    private readonly random: Seeded,
    private readonly targets: () => readonly Target[],
  ) {}

  async run(): Promise<void> {
    while (!this.isOver) {
      await setTimeout(PAUSE);
      const lanes = UPSES.flatMap((ups) => HTTP_PORTS.map((port) => ({ ups, port }))).filter(
        (lane) => !this.busy.has(key(lane)),
      );
      const targets = this.targets();
      if (lanes.length === 0 || targets.length === 0) continue;
      const work = this.command(this.random.pick(lanes), this.random.pick(targets));
      this.running.add(work);
      void work.finally(() => this.running.delete(work));
    }
    await Promise.all(this.running);
  }

  stop(): void {
    this.isOver = true;
  }

  private async command(lane: { ups: string; port: number }, target: Target): Promise<void> {
    this.busy.add(key(lane));
    const id = `http-${++this.count}-${this.random.seed}`;
    const isNamed = this.random.chance(0.5);
    const asked: Asked = {
      ...{
        from: Date.now(),
        answered: Infinity,
        to: Infinity,
        ...lane,
        asked: [target.name],
        status: 0,
        code: undefined,
        text: '',
      },
      wasOpen: false,
    };
    this.all.push(asked);
    const send = async (to: Target): Promise<void> => {
      const body = { port: lane.port, ...(isNamed ? { commandId: id } : {}) };
      Object.assign(asked, await post(`${to.url}/${lane.ups}`, body), { answered: Date.now() });
    };
    await send(target);
    if (isOpen(asked)) {
      asked.wasOpen = true;
      await setTimeout(QUARANTINE / 2);
      const again = this.targets();
      // Whoever has given it an id may ask again.
      if (isNamed && again.length > 0 && !this.isOver) {
        const other = this.random.pick(again);
        asked.asked.push(other.name);
        await send(other);
      }
      await setTimeout(QUARANTINE / 2);
    }
    asked.to = Date.now();
    this.busy.delete(key(lane));
  }
}

const key = ({ ups, port }: { ups: string; port: number }): string => `${ups} ${port}`;

/** Whether it may have been carried out, as far as the one who asked can tell. */
function isOpen({ status, code }: Pick<Asked, 'status' | 'code'>): boolean {
  return (
    status === 0 || code === 'OUTCOME_UNKNOWN' || code === 'TIMEOUT' || (status >= 500 && status !== 503)
  );
}

async function post(url: string, body: object): Promise<Pick<Asked, 'status' | 'code' | 'text'>> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(PATIENCE),
    });
    const text = await response.text();
    const { code } = (text.startsWith('{') ? JSON.parse(text) : {}) as { code?: string };
    return { status: response.status, code, text: text.slice(0, 200) };
  } catch (error) {
    return { status: 0, code: undefined, text: String((error as { cause?: unknown }).cause ?? error) };
  }
}
