import type { Clock } from '../core/clock';
import type { NutUps } from '../nut/hub';
import { type NutMapping, type NutState, nutVariables, onBatteryOf, outletCommands } from './nut';
import type { UpsStatus } from './status';

/** ms after which a state that nobody confirms any more is none, however seldom the UPS is read. */
const LONGEST_KEPT = 60_000;
/** Readings that may be missing before that. */
const MISSED = 3;

export interface NutUpsOptions extends NutMapping {
  /** what `LIST UPS` shows */
  description: string;
  /** ms between readings */
  interval: number;
  /** ms on battery after which the battery counts as low; `null`: when the UPS says so */
  lowAfter: number | null;
}

/**
 * A UPS as the clients of a server see it, whatever becomes of the node that reads it: it keeps the last state, since a
 * state that is missing for a moment shuts hosts down.
 */
export class PowersentrixNutUps implements NutUps {
  private status: UpsStatus | undefined;
  private state: NutState | undefined;
  /** monotonic times; of the last reading, and of the last one that said where the power comes from */
  private readAt: number;
  private knownAt: number;
  private batterySince = 0;
  /** the user says that the battery is low */
  private isCalledLow = false;
  private isAvailable = true;
  private shown: { isLow: boolean; variables: ReadonlyMap<string, string> } | undefined;
  private isUnknown = false;

  constructor(
    private readonly clock: Clock,
    private options: NutUpsOptions,
  ) {
    this.readAt = this.knownAt = clock.monotonic();
  }

  get description(): string {
    return this.options.description;
  }

  /** Takes other settings; the state stays. */
  update(options: NutUpsOptions): void {
    this.options = options;
    this.shown = undefined;
    // What the rules made of the last reading they make of it anew.
    if (this.status) this.judge(this.status);
  }

  take(status: UpsStatus): void {
    this.status = status;
    this.readAt = this.clock.monotonic();
    this.isAvailable = true;
    this.shown = undefined;
    this.judge(status);
  }

  /** Whether its readings come, as the node that reads it says. A node that has gone for a moment says nothing. */
  setAvailable(isAvailable: boolean): void {
    this.isAvailable = isAvailable;
  }

  /** The battery counts as low until the mains are back. @returns whether it runs from it */
  callLow(isLow: boolean): boolean {
    if (isLow && this.current?.onBattery !== true) return false;
    this.isCalledLow = isLow;
    this.shown = undefined;
    return true;
  }

  /** Its state now; `undefined`: nobody knows it (any more). */
  get current(): NutState | undefined {
    if (!this.state || this.isLost) return undefined;
    const { onBattery, lowBattery, isTest } = this.state;
    return { onBattery, isTest, lowBattery: onBattery && (lowBattery || this.isCalledLow || this.isLong) };
  }

  /** Whether it ran from its battery when its state was known last: clients then take a closed connection for the end. */
  get holdsClients(): boolean {
    return this.state?.onBattery === true;
  }

  variables(): ReadonlyMap<string, string> | null {
    const state = this.current;
    if (!state || !this.status) return null;
    const isLow = state.lowBattery;
    if (this.shown?.isLow !== isLow) {
      this.shown = { isLow, variables: nutVariables(this.status, state, this.options) };
    }
    return this.shown.variables;
  }

  commands(): readonly string[] {
    return outletCommands(this.options.ports);
  }

  private get isLong(): boolean {
    const { lowAfter } = this.options;
    return lowAfter !== null && this.clock.monotonic() - this.batterySince >= lowAfter;
  }

  /** Its readings have stayed away, or none of them tells where the power comes from. */
  private get isLost(): boolean {
    const kept = Math.min(MISSED * this.options.interval, LONGEST_KEPT);
    const now = this.clock.monotonic();
    return (!this.isAvailable && now - this.readAt >= kept) || (this.isUnknown && now - this.knownAt >= kept);
  }

  private judge(status: UpsStatus): void {
    const now = this.clock.monotonic();
    const onBattery = onBatteryOf(status, this.options.rule);
    const isUnknown = onBattery === null;
    if (isUnknown && !this.isUnknown) this.knownAt = now;
    this.isUnknown = isUnknown;
    // Where the power comes from nobody knows now: it is where it was.
    if (isUnknown) return;
    if (onBattery && this.state?.onBattery !== true) this.batterySince = now;
    if (!onBattery) this.isCalledLow = false;
    const { lowBattery, forcePowerFromBatteries } = status;
    this.state = {
      onBattery,
      lowBattery: onBattery && (lowBattery ?? this.state?.lowBattery ?? false),
      isTest: !onBattery && forcePowerFromBatteries === true,
    };
  }
}
