import type { DeviceError } from '../../lib/core/errors';
import type { UpsReading } from '../../lib/powersentrix/reading';
import type { Ups } from '../../lib/powersentrix/ups';
import type { Duty } from '../shared/cluster-duty';
import type { PolledDevice } from '../shared/polled-device';

/**
 * A UPS that pushes, where several instances share the work: the owner alone tells that pushes stay away. One that has come to
 * own the UPS tells its newest status, and gives it a whole patience first.
 */
export class PushTurns {
  private reads: boolean;
  private readonly leave: () => void;

  constructor(
    private readonly duty: Duty,
    private readonly ups: Ups,
    private readonly device: PolledDevice<UpsReading>,
  ) {
    this.reads = duty.reads;
    this.leave = duty.follow(() => this.look());
  }

  late(error: DeviceError): void {
    if (this.duty.reads) this.device.setError(error);
  }

  end(): void {
    this.leave();
  }

  private look(): void {
    const { reads } = this.duty;
    if (reads === this.reads) return;
    this.reads = reads;
    if (!reads) return;
    const newest = this.ups.renewPatience();
    if (newest) this.device.setData(newest);
  }
}
