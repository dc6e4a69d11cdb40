import type { OpenEvent } from './grid-event';
import type { Fact } from './grid-input';
import { PowerRecord, type PowerState } from './power-record';

/** What the meter of the place, and controllers of themselves, have told of their power lately. */

const MOST_RECORDS = 100;
/** Pieces of power of the meter: an hour and a half at one a second, and of what a controller tells of itself. */
const MOST_PIECES = 5400;
const MOST_OWN_PIECES = 300;

/** As it is kept. */
export interface GridPowerState {
  records: [id: string, state: PowerState][];
  meter: string | null;
}

export class GridPower {
  /** by device; that of the meter by an empty text */
  private readonly records = new Map<string, PowerRecord>();
  private meter: string | null;

  /**
   * @param gap ms that a power holds at the most
   * @param meter `msg.device.id` of the meter; empty: the first that tells a power
   * @throws anything for a state that cannot be used
   */
  constructor(
    private readonly gap: number,
    meter: string,
    state?: GridPowerState,
  ) {
    this.meter = meter === '' ? (state?.meter ?? null) : meter;
    if (!state) return;
    for (const [id, record] of state.records) this.records.set(id, this.newRecord(id, record));
  }

  take({ id, time, power, duration, own }: Fact & { kind: 'power' }): void {
    if (!own) {
      this.meter ??= id;
      // Another meter's power is none of the place's.
      if (id !== this.meter) return;
    }
    const key = own ? id : '';
    let record = this.records.get(key);
    if (!record) {
      if (this.records.size > MOST_RECORDS) return;
      this.records.set(key, (record = this.newRecord(key)));
    }
    record.add(time, power, duration);
  }

  /** The power that tells whether an event was followed. */
  recordOf({ kind, device }: OpenEvent): PowerRecord | undefined {
    return (kind === 'frequency' ? this.records.get(device) : undefined) ?? this.records.get('');
  }

  /** Whether a device tells its own power. */
  isTold(device: string): boolean {
    return this.records.has(device);
  }

  /** From here on nothing is known until the next readings. */
  endAt(time: number): void {
    for (const record of this.records.values()) record.endAt(time);
  }

  forget(before: number): void {
    for (const record of this.records.values()) record.forget(before);
  }

  state(): GridPowerState {
    return {
      records: [...this.records].map(([id, record]) => [id, record.state()]),
      meter: this.meter,
    };
  }

  private newRecord(id: string, state?: PowerState): PowerRecord {
    return new PowerRecord(this.gap, id === '' ? MOST_PIECES : MOST_OWN_PIECES, state);
  }
}
