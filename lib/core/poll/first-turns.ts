import { type Clock, systemClock } from '../clock';
import { Turns } from './turns';

/** First readings under way at a time. */
const AT_ONCE = 10;
/** ms after which the next one begins all the same: devices that are switched off must not keep the others waiting */
const PATIENCE = 250;

/**
 * Lets the first readings of many devices begin one after the other.
 *
 * A thousand that are under way at once, each with its new connection, outlive the collector's first looks. V8 takes that for
 * their nature, and from then on puts all that a reading is made of where only the long pauses reach it.
 */
export class FirstTurns {
  private readonly turns = new Turns(AT_ONCE);

  constructor(private readonly clock: Clock = systemClock) {}

  /** @param read begins a reading and resolves with its end; `undefined` when nobody wants it any more */
  begin(read: () => Promise<void> | undefined): void {
    void this.turns.run(() => this.inPatience(read()));
  }

  private async inPatience(ended: Promise<void> | undefined): Promise<void> {
    if (!ended) return;
    await new Promise<void>((resolve) => {
      const stop = this.clock.after(PATIENCE, resolve);
      void ended.then(() => {
        stop();
        resolve();
      });
    });
  }
}
