import type { Poller } from '../../lib/core/poll/poller';
import type { PollListener } from '../../lib/core/poll/subscription';
import type { Duty } from './cluster-duty';

/** Lets a device be read by one instance of a cluster: the others read when asked, and tell nobody else of it. */
export class ReadingTurns<T> {
  /** another instance reads the device, and tells of it */
  private isQuiet: boolean;
  private readonly leave: () => void;

  constructor(
    private readonly poller: Poller<T>,
    private readonly duty: Duty,
  ) {
    this.isQuiet = !duty.reads;
    poller.setResting(this.isQuiet);
    this.leave = duty.follow(() => this.look());
  }

  /** What is read here for a message that waits here is no news of the device. */
  heard(listener: PollListener<T>): PollListener<T> {
    return {
      onData: (data) => {
        if (!this.isQuiet) listener.onData?.(data);
      },
      onAvailability: (availability) => {
        if (!this.isQuiet) listener.onAvailability?.(availability);
      },
    };
  }

  end(): void {
    this.leave();
  }

  private look(): void {
    const { duty, poller } = this;
    if (this.isQuiet === !duty.reads) return;
    // Nobody may read it now, and others go by what this instance has told last.
    if (!duty.reads && duty.cluster.problem) poller.setError(duty.cluster.lostError());
    this.isQuiet = !duty.reads;
    poller.setResting(this.isQuiet);
  }
}
