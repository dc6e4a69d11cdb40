import { isRecord, round } from '../core/values';
import type { Supply, UpsStatus } from './status';

/** What can happen to a UPS, as seen in its status. */
export type StatusChange =
  | { change: 'mainsLost' }
  /** `since: 'unknown'`: it was lost when the memory ends, and is there at the first look after a restart */
  | { change: 'mainsRestored'; since?: 'unknown' }
  | { change: 'supplyLost' | 'supplyBack'; supply: number }
  | { change: 'lowBattery' | 'batteryNormal'; supply: number; batteryVoltage: number; limit: number }
  | { change: 'portChanged'; port: number; description: string | null; on: boolean }
  | { change: 'overTemperature' | 'temperatureNormal'; temperature: number; limit: number }
  | { change: 'batteryImbalance' | 'batteryBalanced'; supply: number; cellSpread: number; limit: number };

export interface ChangeLimits {
  /** °C of the board or the controller, whichever is higher; `null`: not watched */
  temperature: number | null;
  /** V between the highest and the lowest block of a battery; `null`: not watched */
  imbalance: number | null;
}

/** What has to be remembered over a restart; plain data. */
export interface ChangeState {
  battery: boolean | null;
  /** by supply: whether it was without mains when it last told */
  out: (boolean | null)[];
  ports: (boolean | null)[];
  hot: boolean;
  /** by supply; `null` where none has been measured yet */
  unbalanced: (boolean | null)[];
  /** by supply: whether it told values, or has stopped to; `null` where none has told any yet */
  present: (boolean | null)[];
  /** by supply: whether its battery is low */
  low: (boolean | null)[];
}

/** An alarm ends this far below its limit, so that a value at the limit does not chatter. */
const TEMPERATURE_HYSTERESIS = 2;
const IMBALANCE_HYSTERESIS = 0.05;

/** Older versions stored lists with holes, where the first port or supply had told nothing, and fewer lists. */
type Stored = Pick<ChangeState, 'battery' | 'hot'> &
  Record<'ports' | 'unbalanced', FlagList> &
  Partial<Record<'out' | 'present' | 'low', FlagList>>;
type FlagList = readonly (boolean | null | undefined)[];

/** The list without holes: a context store keeps them as holes, as `undefined` or as `null`, whichever it can. */
const withoutHoles = (flags: FlagList): (boolean | null)[] => Array.from(flags, (flag) => flag ?? null);

function isState(value: unknown): value is Stored {
  const isFlag = (one: unknown): boolean => one === null || typeof one === 'boolean';
  const isFlagList = (list: unknown): boolean =>
    Array.isArray(list) && list.every((one) => one === undefined || isFlag(one));
  return (
    isRecord(value) &&
    isFlag(value.battery) &&
    typeof value.hot === 'boolean' &&
    isFlagList(value.ports) &&
    isFlagList(value.unbalanced) &&
    (value.out === undefined || isFlagList(value.out)) &&
    (value.present === undefined || isFlagList(value.present)) &&
    (value.low === undefined || isFlagList(value.low))
  );
}

/** Whether a supply tells anything that it measures. */
const tells = ({ mainVoltage, loadVoltage, batteryVoltage, cellVoltages }: Supply): boolean =>
  [mainVoltage, loadVoltage, batteryVoltage, ...cellVoltages].some((value) => value !== null);

/**
 * Compares each status with the one before. A fault that is there at the first look is told too; a value that is
 * missing changes nothing.
 */
export class ChangeWatch {
  private battery: boolean | null = null;
  private readonly out: (boolean | null)[] = [];
  private readonly ports: (boolean | null)[] = [];
  private hot = false;
  /** which sensors have told something; one of them is missed when an alarm ends */
  private readonly sensors = new Set<'board' | 'mcu'>();
  private readonly unbalanced: (boolean | null)[] = [];
  /** by supply: how many blocks told something when the alarm began or went on */
  private readonly blocks: number[] = [];
  private readonly present: (boolean | null)[] = [];
  private readonly low: (boolean | null)[] = [];
  /** what is seen next is the first since a restart */
  private restarted = false;

  /** @param stored what `state` gave before a restart; anything else is ignored */
  constructor(
    private readonly limits: ChangeLimits,
    stored?: unknown,
  ) {
    if (!isState(stored)) return;
    this.battery = stored.battery;
    this.out = withoutHoles(stored.out ?? []);
    this.ports = withoutHoles(stored.ports);
    this.hot = stored.hot;
    this.unbalanced = withoutHoles(stored.unbalanced);
    this.present = withoutHoles(stored.present ?? []);
    this.low = withoutHoles(stored.low ?? []);
    this.restarted = true;
  }

  get state(): ChangeState {
    const { battery, out, ports, hot, unbalanced, present, low } = this;
    return {
      battery,
      out: withoutHoles(out),
      ports: withoutHoles(ports),
      hot,
      unbalanced: withoutHoles(unbalanced),
      present: withoutHoles(present),
      low: withoutHoles(low),
    };
  }

  /** What has changed since the last status. */
  update(status: UpsStatus): StatusChange[] {
    return [
      ...this.mainsChange(status),
      ...this.presenceChanges(status),
      ...this.lowBatteryChanges(status),
      ...this.portChanges(status),
      ...this.temperatureChange(status),
      ...this.balanceChanges(status),
    ];
  }

  private mainsChange({ powerSource, supplies }: UpsStatus): StatusChange[] {
    for (const [supply, { onBattery, fitted }] of supplies.entries())
      this.out[supply] = onBattery ?? (fitted === false ? null : (this.out[supply] ?? null));
    // A supply that fell silent without mains has not got them back, though the others have some.
    if (
      powerSource === 'unknown' ||
      (powerSource === 'mains' && this.out.slice(0, supplies.length).includes(true))
    )
      return [];
    const battery = powerSource === 'battery';
    const before = this.battery;
    const { restarted } = this;
    this.battery = battery;
    this.restarted = false;
    if (battery === (before ?? false)) return [];
    if (battery) return [{ change: 'mainsLost' }];
    return [restarted ? { change: 'mainsRestored', since: 'unknown' } : { change: 'mainsRestored' }];
  }

  private presenceChanges({ supplies }: UpsStatus): StatusChange[] {
    // A shorter list than before has lost those behind its end; none at all is a missing value.
    const count = supplies.length === 0 ? 0 : Math.max(supplies.length, this.present.length);
    return Array.from({ length: count }, (_, supply) => supplies[supply]).flatMap((one, supply) => {
      const is = one !== undefined && tells(one);
      const was = this.present[supply] ?? null;
      // A place that has never told anything is not fitted, and nothing was lost there.
      if (is === was || (!is && was === null)) return [];
      this.present[supply] = is;
      const change = is ? 'supplyBack' : 'supplyLost';
      return was === null ? [] : [{ change, supply }];
    });
  }

  private lowBatteryChanges({ supplies }: UpsStatus): StatusChange[] {
    return supplies.flatMap((one, supply): StatusChange[] => {
      const { lowBattery, lowBatteryLimit: limit, batteryVoltage } = one;
      if (lowBattery === null || limit === null || batteryVoltage === null) return [];
      const was = this.low[supply] ?? false;
      this.low[supply] = lowBattery;
      if (lowBattery === was) return [];
      return [{ change: lowBattery ? 'lowBattery' : 'batteryNormal', supply, batteryVoltage, limit }];
    });
  }

  private portChanges({ outputs }: UpsStatus): StatusChange[] {
    return outputs.flatMap(({ port, description, on }): StatusChange[] => {
      const before = this.ports[port] ?? null;
      if (on === null || on === before) return [];
      this.ports[port] = on;
      return before === null ? [] : [{ change: 'portChanged', port, description, on }];
    });
  }

  private temperatureChange({ temperatures }: UpsStatus): StatusChange[] {
    const { temperature: limit } = this.limits;
    const known: number[] = [];
    for (const name of ['board', 'mcu'] as const) {
      const value = temperatures[name];
      if (value === null) continue;
      known.push(value);
      this.sensors.add(name);
    }
    if (limit === null || known.length === 0) return [];
    const temperature = Math.max(...known);
    const hot = this.hot ? temperature > limit - TEMPERATURE_HYSTERESIS : temperature > limit;
    // The one that is missing may be the hot one.
    if (hot === this.hot || (!hot && known.length < this.sensors.size)) return [];
    this.hot = hot;
    return [{ change: hot ? 'overTemperature' : 'temperatureNormal', temperature, limit }];
  }

  private balanceChanges({ supplies }: UpsStatus): StatusChange[] {
    const { imbalance: limit } = this.limits;
    if (limit === null) return [];
    return supplies.flatMap(({ cellSpread, cellVoltages }, supply): StatusChange[] => {
      if (cellSpread === null) return [];
      const was = this.unbalanced[supply] ?? false;
      const is = cellSpread > (was ? round(limit - Math.min(IMBALANCE_HYSTERESIS, limit / 2)) : limit);
      const blocks = cellVoltages.filter((one) => one !== null).length;
      // The block that is missing may be the one that is off.
      if (was && !is && blocks < (this.blocks[supply] ?? 0)) return [];
      this.blocks[supply] = is ? Math.max(blocks, this.blocks[supply] ?? 0) : 0;
      this.unbalanced[supply] = is;
      if (is === was) return [];
      return [{ change: is ? 'batteryImbalance' : 'batteryBalanced', supply, cellSpread, limit }];
    });
  }
}
