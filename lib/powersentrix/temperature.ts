import { recordOf, upsNumber } from './values';

/** °C, of the board and the controller. */
export interface Temperatures {
  board: number | null;
  mcu: number | null;
}

/** What a DS18B20, the usual sensor, tells before its first conversion. */
const POWER_ON = 85;
/** What the usual library tells of a sensor that does not answer. */
const DISCONNECTED = -127;
/** s in which a UPS that has started may still tell `POWER_ON` */
const STARTING = 60;

/** Reads the temperatures of one UPS, status after status. */
export class TemperatureReader {
  /** which sensors have told something; the first value after a start or a gap may be none */
  private readonly awake = { board: false, mcu: false };
  private lastUptime: number | null = null;

  /**
   * @param temps `upsData.temps`
   * @param uptime s
   */
  read(temps: unknown, uptime: number | null): Temperatures {
    const restarted = uptime !== null && this.lastUptime !== null && uptime < this.lastUptime;
    this.lastUptime = uptime ?? this.lastUptime;
    if (restarted) this.awake.board = this.awake.mcu = false;
    const starting = uptime !== null && uptime < STARTING;
    const { board, mcu } = recordOf(temps);
    return { board: this.sensor('board', board, starting), mcu: this.sensor('mcu', mcu, starting) };
  }

  private sensor(name: 'board' | 'mcu', value: unknown, starting: boolean): number | null {
    const found = upsNumber(value);
    const wasAwake = this.awake[name];
    this.awake[name] = found !== null && found !== DISCONNECTED;
    if (found === DISCONNECTED) return null;
    return found === POWER_ON && (starting || !wasAwake) ? null : found;
  }
}
