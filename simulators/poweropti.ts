import { controlRoutes } from './support/control';
import { Meter, valuesOf, type Measurement, type MeterOptions } from './poweropti/meter';
import { Faults, startHttp, type SimReply, type SimRequest, type SimServer } from './support/server';

export interface PoweroptiOptions extends MeterOptions {
  /** Default: any free port. */
  port?: number;
  /** Path before `/value`, e.g. `/lan/meter1` when one address stands for many meters. Default: none. */
  path?: string;
  /** What X-API-KEY must be; default the vendor document's example. */
  apiKey?: string;
}

/** One register as `/value` reports it: an OBIS code with W or Wh. */
export interface ObisValue {
  obis: string;
  value: number | string;
}

/** The JSON body of `/value`. `timestamp`: Unix seconds. */
export interface PoweroptiBody {
  timestamp: number;
  values: ObisValue[];
}

export interface PoweroptiSimulator {
  /** What a user enters as host: `http://127.0.0.1:<port><path>`, without `/value`. */
  readonly url: string;
  /** The same without the scheme. */
  readonly host: string;
  readonly port: number;
  readonly apiKey: string;
  readonly http: SimServer;
  readonly faults: Faults;
  /** Keeps answering with the measurement of this moment, as when the meter no longer talks to the module. */
  frozenClock: boolean;
  /** OBIS codes that are missing from the answer. */
  dropRegisters: string[];
  /** Reports numbers as JSON strings. */
  valuesAsStrings: boolean;
  /** Forces the power (whole W, negative = export) until set to null. */
  setPower(watts: number | null): void;
  /** Lets a load behind the meter draw so many W (whole), whatever the power is besides. */
  draw(watts: number): void;
  /** The body that `/value` would have now. */
  measure(): PoweroptiBody;
  /** Ends every fault and a forced power. */
  clear(): void;
  close(): Promise<void>;
}

/** As in the example of the vendor document; Date and Connection come from Node. */
const HEADERS = {
  'Content-Type': 'application/json; charset=utf-8',
  'Cache-Control': 'no-cache, no-store, must-revalidate',
  Pragma: 'no-cache',
  Expires: '0',
  'Access-Control-Allow-Origin': '*',
  'Access-Control-Allow-Methods': 'GET',
  'Access-Control-Allow-Headers': 'Content-Type, X-API-KEY',
};

class Simulator implements PoweroptiSimulator {
  http!: SimServer;
  readonly faults = new Faults();
  readonly apiKey: string;
  dropRegisters: string[] = [];
  valuesAsStrings = false;
  private readonly path: string;
  private readonly meter: Meter;
  private frozen: Measurement | null = null;

  constructor(options: PoweroptiOptions) {
    this.apiKey = options.apiKey ?? '1097bd725557';
    this.path = (options.path ?? '').replace(/\/+$/, '');
    this.meter = new Meter(options);
  }

  get port(): number {
    return this.http.port;
  }

  get host(): string {
    return `127.0.0.1:${this.port}${this.path}`;
  }

  get url(): string {
    return `http://${this.host}`;
  }

  get frozenClock(): boolean {
    return this.frozen !== null;
  }

  set frozenClock(frozen: boolean) {
    this.frozen = frozen ? (this.frozen ?? this.meter.measure()) : null;
  }

  setPower(watts: number | null): void {
    this.meter.force(watts);
  }

  draw(watts: number): void {
    this.meter.draw(watts);
  }

  measure(): PoweroptiBody {
    const measurement = this.frozen ?? this.meter.measure();
    // A forced power shows even with the clock frozen: a changed value under an old timestamp is a fault too.
    const { forced, load } = this.meter;
    const power = forced === null ? measurement.power : forced + load;
    const values = valuesOf({ ...measurement, power })
      .filter(({ obis }) => !this.dropRegisters.includes(obis))
      .map(({ obis, value }) => ({ obis, value: this.valuesAsStrings ? String(value) : value }));
    return { timestamp: measurement.timestamp, values };
  }

  clear(): void {
    this.faults.clear();
    this.frozenClock = false;
    this.dropRegisters = [];
    this.valuesAsStrings = false;
    this.setPower(null);
  }

  close(): Promise<void> {
    return this.http.close();
  }

  readonly handle = (request: SimRequest): SimReply => {
    if (request.method !== 'GET' || request.path !== `${this.path}/value`)
      return { status: 404, headers: HEADERS };
    if (request.headers['x-api-key'] !== this.apiKey) return { status: 401, headers: HEADERS };
    return { json: this.measure(), headers: HEADERS };
  };

  /** The faults that only this device has, as its control route receives them. */
  readonly applyFault = (fault: Record<string, unknown>): boolean => {
    const { kind, registers, power } = fault;
    switch (kind) {
      case 'frozenClock':
        this.frozenClock = true;
        return true;
      case 'valuesAsStrings':
        this.valuesAsStrings = true;
        return true;
      case 'dropRegisters':
        if (!Array.isArray(registers)) throw new Error('"registers" must be a list of OBIS codes');
        this.dropRegisters = registers.map(String);
        return true;
      case 'setPower':
        if (power !== null && !Number.isInteger(power))
          throw new Error('"power" must be whole watts, or null');
        this.setPower(power as number | null);
        return true;
      case 'load':
        if (!Number.isInteger(power)) throw new Error('"power" must be whole watts');
        this.draw(power as number);
        return true;
      default:
        return false;
    }
  };
}

/**
 * Starts a simulated poweropti on loopback: `GET <path>/value` as in the vendor's "Documentation Local
 * Interface poweropti", for a house with photovoltaics. Failing on demand: see {@link Faults}, the properties
 * of the result, and the control routes `POST /_sim/fault` and `POST /_sim/clear`.
 */
export async function startPoweropti(options: PoweroptiOptions = {}): Promise<PoweroptiSimulator> {
  const simulator = new Simulator(options);
  simulator.http = await startHttp(simulator.handle, {
    ...(options.port !== undefined && { port: options.port }),
    faults: simulator.faults,
    control: controlRoutes(simulator.faults, simulator.applyFault, () => simulator.clear()),
  });
  return simulator;
}
