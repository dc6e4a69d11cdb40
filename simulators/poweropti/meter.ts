import { hourOfDay, housePower } from '../support/house';
import { noise } from '../support/random';

export interface MeterOptions {
  /** The real clock, epoch ms. */
  now?: () => number;
  /** Simulated seconds a real second, for the shape of the day and the energy; default 1. */
  speed?: number;
  /** The simulated time at the start, epoch ms; default `now()`. Hours of the day are UTC. */
  startAt?: number;
  /** Of the noise in the load. */
  seed?: number;
  /** Register values at the start, Wh. */
  energyImport?: number;
  energyExport?: number;
  /** Counts import from 22 to 6 o'clock in 1.8.2; by default everything counts in 1.8.1. */
  nightTariff?: boolean;
}

interface Registers {
  tariff1: number;
  tariff2: number;
  export: number;
}

/** Power in W and the energy in Wh (not rounded) at a time in Unix seconds. */
export interface Measurement {
  timestamp: number;
  power: number;
  registers: Registers;
}

/**
 * A meter behind the module. It measures once a (real) second, and a second's power holds until the next, so
 * equal timestamps have equal values (unless a power is forced in between) and the energy is the exact sum
 * of the powers reported.
 */
export class Meter {
  /** The power in W that {@link force} set; null when the house decides. */
  forced: number | null = null;
  /** W that {@link draw} adds to it */
  load = 0;
  private readonly now: () => number;
  private readonly startSecond: number;
  private readonly startAt: number;
  private second: number;
  private readonly registers: Registers;

  constructor(private readonly options: MeterOptions) {
    this.now = options.now ?? Date.now;
    this.second = this.startSecond = Math.floor(this.now() / 1000);
    this.startAt = (options.startAt ?? this.now()) / 1000;
    this.registers = {
      tariff1: options.energyImport ?? 17_784_955,
      tariff2: 0,
      export: options.energyExport ?? 181,
    };
  }

  private get speed(): number {
    return this.options.speed ?? 1;
  }

  private hourAt(second: number): number {
    return hourOfDay(this.startAt + (second - this.startSecond) * this.speed);
  }

  private powerAt(second: number): number {
    if (this.forced !== null) return this.forced + this.load;
    const random = noise(this.options.seed ?? 1, second - this.startSecond);
    // Adding, be it 0, turns the -0 that rounding may give into 0.
    return Math.round(housePower(this.hourAt(second), random)) + this.load;
  }

  /** Adds the energy of every second that is over. A clock set back adds nothing, so no register decreases. */
  private integrate(until: number): void {
    for (; this.second < until; this.second += 1) {
      const wattHours = (this.powerAt(this.second) * this.speed) / 3600;
      const hour = this.hourAt(this.second);
      if (wattHours < 0) this.registers.export -= wattHours;
      else if (this.options.nightTariff && (hour < 6 || hour >= 22)) this.registers.tariff2 += wattHours;
      else this.registers.tariff1 += wattHours;
    }
  }

  /** Forces a power from the present second on; what is past keeps the power it had. */
  force(watts: number | null): void {
    this.integrate(Math.floor(this.now() / 1000));
    this.forced = watts;
  }

  /** Lets something behind the meter draw so many W from the present second on. */
  draw(watts: number): void {
    this.integrate(Math.floor(this.now() / 1000));
    this.load = watts;
  }

  /** The measurement of the present second. */
  measure(): Measurement {
    const timestamp = Math.floor(this.now() / 1000);
    this.integrate(timestamp);
    return { timestamp, power: this.powerAt(timestamp), registers: { ...this.registers } };
  }
}

/** The registers of a measurement in the order of the vendor document. */
export function valuesOf({ power, registers }: Measurement): { obis: string; value: number }[] {
  const tariff1 = Math.floor(registers.tariff1);
  const tariff2 = Math.floor(registers.tariff2);
  return [
    { obis: '1.7.0', value: power },
    { obis: '1.8.0', value: tariff1 + tariff2 },
    { obis: '1.8.1', value: tariff1 },
    { obis: '1.8.2', value: tariff2 },
    { obis: '2.8.0', value: Math.floor(registers.export) },
  ];
}
