import { type Clock, systemClock } from '../core/clock';
import type { MasterData } from './portal';

/** ms; names and places change seldom */
const GOOD_FOR = 60 * 60_000;
/** ms until the next try after one that failed */
const RETRY = 5 * 60_000;

/** What the portal knows of one UPS, asked once an hour for all who want it. */
export class MasterDataKeeper {
  private last: MasterData | null = null;
  private next = -Infinity;
  private running: Promise<MasterData> | undefined;

  constructor(
    private readonly ask: () => Promise<MasterData>,
    private readonly clock: Clock = systemClock,
  ) {}

  /** What was answered last; `null`: nothing yet. */
  get value(): MasterData | null {
    return this.last;
  }

  /** Whether it is time to ask (again), or a response is under way. */
  get isDue(): boolean {
    return this.running !== undefined || this.clock.monotonic() >= this.next;
  }

  /** Asks now; who asks meanwhile shares the response. @throws DeviceError; the last response stays */
  refresh(): Promise<MasterData> {
    this.running ??= this.fetch().finally(() => (this.running = undefined));
    return this.running;
  }

  private async fetch(): Promise<MasterData> {
    this.next = this.clock.monotonic() + RETRY;
    this.last = await this.ask();
    this.next = this.clock.monotonic() + GOOD_FOR;
    return this.last;
  }
}
