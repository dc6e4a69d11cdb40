/** A vendor voltage: in 10 mV. */
export type CentiVolts = number;

export interface UpsModelOptions {
  cmm?: string;
  serialNumber?: string;
  description?: string;
  /** The real clock, epoch ms. */
  now?: () => number;
  /** Simulated seconds a real second, for the battery; default 1. */
  speed?: number;
  /** How the firmware counts currents; default mA. */
  currentUnit?: 'mA' | '10mA';
  /** The device's POSIX time zone. */
  timezone?: string;
  /** Real ms that a port stays off while it restarts; default 5000. */
  restartMs?: number;
}

/** One record of the event log as the firmware sends it. */
export interface SimLogRecord {
  ord: number;
  code: string;
  cmm: string;
  description: string;
  params: string;
  timestamp: string;
}

export type UpsEvent = { kind: 'log'; record: SimLogRecord } | { kind: 'changed' };

const PORT_NAMES = [
  'Router',
  'Switch',
  'Camera 1',
  'Camera 2',
  'NAS',
  'Access point',
  '',
  '',
  '',
  '',
  '',
  '',
];
/** Rated voltage of each port in 10 mV, and its load in mA while it is on. */
const PORT_VOLTS: CentiVolts[] = [4810, 4805, 2410, 2408, 1205, 1202, 502, 501, 1200, 1200, 500, 500];
const PORT_LOADS = [150, 320, 200, 180, 900, 400, 0, 0, 0, 0, 0, 0];

const MAINS: CentiVolts = 5410;
const FULL = 5220;
const CUT_OFF = 4800;
/** Seconds that a full battery lasts with the load of {@link PORT_LOADS}. */
const RUNTIME = 3600;
/** What a host that has shut down still takes of its port's load. */
const STANDBY = 0.05;
/** Seconds that an empty one takes to charge. */
const CHARGE_TIME = 4 * 3600;

const pad = (value: number): string => String(value).padStart(2, '0');

/** A UPS with two supplies and twelve ports; time passes only when somebody looks. */
export class UpsModel {
  readonly cmm: string;
  readonly outputs = PORT_LOADS.map((load) => load > 0);
  readonly descriptions = [...PORT_NAMES];
  readonly log: SimLogRecord[] = [];
  description: string;
  timezone: string;
  currentUnit: 'mA' | '10mA';
  /** Configured states that contradict the live ones, by port; for tests. */
  readonly configuredOutputs = new Map<number, 'ON' | 'OFF'>();
  temperatures = { board: 42, mcu: 51 };
  /** 10 mV that the first battery block lacks. */
  weakBlock = 0;
  mains = true;
  /** Values that take the place of what the UPS measures, by its parts (`upsData.ps`, …), as it sends them. */
  odd: Record<string, unknown> = {};
  /** Share of the battery that is left, 0 to 1. */
  charge = 1;
  toggles = 0;
  /** ports whose hosts have shut down */
  readonly asleep = new Set<number>();
  private readonly listeners = new Set<(event: UpsEvent) => void>();
  private readonly timers = new Set<NodeJS.Timeout>();
  private readonly serialNumber: string;
  private readonly start: number;
  private last: number;
  private cutOff = false;

  constructor(private readonly options: UpsModelOptions = {}) {
    this.cmm = options.cmm ?? 'ups-01';
    this.serialNumber = options.serialNumber ?? 'PSX-2024-001234';
    this.description = options.description ?? 'Server Room';
    this.timezone = options.timezone ?? 'CET-1CEST,M3.5.0,M10.5.0/3';
    this.currentUnit = options.currentUnit ?? 'mA';
    this.start = this.last = this.now();
  }

  private now(): number {
    return (this.options.now ?? Date.now)();
  }

  onEvent(listener: (event: UpsEvent) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Mains on or off, as an electrician would. */
  setMains(on: boolean): void {
    this.pass();
    if (this.mains === on) return;
    this.mains = on;
    this.cutOff &&= !on;
    this.record(on ? 'I/P01' : 'E/P01', on ? 'Mains restored' : 'Mains lost');
    this.emit({ kind: 'changed' });
  }

  setPort(port: number, on: boolean): void {
    // What it has used so far goes by what it had to feed.
    this.pass();
    if (this.outputs[port] === on) return;
    this.outputs[port] = on;
    // The display counts outputs from 1, the interface from 0.
    this.record('I/E01', `Output ${port + 1} turned ${on ? 'ON' : 'OFF'}`);
    this.emit({ kind: 'changed' });
  }

  /** fn=3: nothing but this can be asked for. */
  toggle(port: number): void {
    this.toggles += 1;
    this.setPort(port, !this.outputs[port]);
  }

  /** fn=4; false when the port is off. */
  restart(port: number): boolean {
    if (!this.outputs[port]) return false;
    this.setPort(port, false);
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      this.setPort(port, true);
    }, this.options.restartMs ?? 5000);
    this.timers.add(timer);
    return true;
  }

  describe(port: number, text: string): void {
    this.descriptions[port] = text;
  }

  /** Adds a record to the event log. */
  record(code: string, description: string): void {
    const record = {
      ord: this.log.length + 1,
      code,
      cmm: this.cmm,
      description,
      params: '',
      timestamp: this.localTime(),
    };
    this.log.push(record);
    this.emit({ kind: 'log', record });
  }

  /** mA that a port gives. */
  private loadOf(port: number): number {
    if (!this.outputs[port]) return 0;
    return Math.round((PORT_LOADS[port] ?? 0) * (this.asleep.has(port) ? STANDBY : 1));
  }

  /** The load as a share of the usual one. */
  private loadShare(): number {
    const watts = (load: (port: number) => number): number =>
      PORT_VOLTS.reduce((sum, volts, port) => sum + volts * load(port), 0);
    return watts((port) => this.loadOf(port)) / watts((port) => PORT_LOADS[port] ?? 0);
  }

  ident(): Record<string, unknown> {
    return {
      sn: this.serialNumber,
      type: 'PWX-12-4422',
      comFirmware: 'v3.2.1',
      mainFirmware: 'v2.1.0',
      comUptime: this.uptime(2 * 86_400),
      mainUptime: this.uptime(5 * 86_400),
      cpuLoad: 12,
      totalRamSize: 327_680,
      freeRamSize: 218_340,
      info: '',
    };
  }

  /** fn=2 and the body of setUpsData. */
  complex(): Record<string, unknown> {
    this.pass();
    const unit = this.currentUnit === 'mA' ? 1 : 10;
    const batt = Math.round(CUT_OFF + (FULL - CUT_OFF) * this.charge);
    const block = Math.round(batt / 4);
    const cell = [block - this.weakBlock, block, block, batt - 3 * block];
    const supply = {
      main: this.mains ? MAINS : 0,
      load: this.cutOff ? 0 : this.mains ? 4810 : batt - 30,
      batt,
      buv: CUT_OFF,
      cell,
      status: { h: { hb: [1], lb: [0] }, l: { hb: [0], lb: [1] } },
    };
    const status = (port: number, on: boolean): string =>
      this.configuredOutputs.get(port) ?? (on ? 'ON' : 'OFF');
    return {
      config: {
        settings: {
          dhcp: 1,
          ip: '192.0.2.10',
          timezone: this.timezone,
          forcePowerFromBatteries: 0,
          remoteServer: { upsId: this.cmm },
        },
        outputs: this.outputs.map((on, id) => ({
          id,
          description: this.descriptions[id],
          status: status(id, on),
          voltage: PORT_VOLTS[id],
        })),
        extraActions: [{ id: '0', event: 1, baseStatus: 0, action: 1 }],
        ident: this.ident(),
      },
      upsData: {
        voltages: [...PORT_VOLTS],
        currents: this.outputs.map((_, id) => Math.round(this.loadOf(id) / unit)),
        outputs: this.outputs.map(Number),
        ventilation: 0,
        uptime: this.uptime(5 * 86_400),
        temps: { ...this.temperatures },
        ps: [supply, { ...supply, cell: [block, block, block, batt - 3 * block] }],
        ...this.odd,
      },
    };
  }

  close(): void {
    for (const timer of this.timers) clearTimeout(timer);
    this.timers.clear();
    this.listeners.clear();
  }

  private emit(event: UpsEvent): void {
    for (const listener of [...this.listeners]) listener(event);
  }

  /** Charges or discharges the battery for the time since the last look; below its limit the ports go off. */
  private pass(): void {
    const now = this.now();
    const seconds = ((now - this.last) / 1000) * (this.options.speed ?? 1);
    this.last = now;
    const change = this.mains ? seconds / CHARGE_TIME : (-seconds / RUNTIME) * this.loadShare();
    this.charge = Math.min(Math.max(this.charge + change, 0), 1);
    if (this.charge > 0 || this.mains || this.cutOff) return;
    this.cutOff = true;
    this.asleep.clear();
    this.record('E/B01', 'Battery undervoltage, outputs off');
    this.outputs.forEach((_, port) => this.setPort(port, false));
  }

  /** `yyyy-MM-dd HH:mm:ss` where the default time zone is; the firmware writes no offset. */
  private localTime(): string {
    const zone = this.timezone.startsWith('CET-1') ? 'Europe/Bratislava' : 'UTC';
    // Swedish writes dates as ISO 8601 does.
    return new Date(this.now()).toLocaleString('sv-SE', { timeZone: zone });
  }

  private uptime(before: number): string {
    const seconds = before + Math.floor((this.now() - this.start) / 1000);
    const hours = Math.floor(seconds / 3600) % 24;
    return `${Math.floor(seconds / 86_400)}d ${pad(hours)}h ${pad(Math.floor(seconds / 60) % 60)}m`;
  }
}
