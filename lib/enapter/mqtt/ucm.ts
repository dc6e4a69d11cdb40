import type { Clock } from '../../core/clock';

export interface UcmOptions {
  clock: Clock;
  publish: (kind: 'telemetry' | 'properties', values: Record<string, unknown>) => void;
}

/** ms, as in the vendor's SDK */
const TELEMETRY_EVERY = 1000;
const PROPERTIES_EVERY = 30_000;

/** The channel of a communication module. */
export const UCM_CHANNEL = 'ucm';

/** What a virtual communication module says of itself. */
const PROPERTIES = { virtual: true, lua_api_ver: 1 };

/**
 * Speaks for the communication module (UCM) that older configurations belong to. The EMS takes the device for offline
 * when its module is silent.
 */
export class UcmVoice {
  private cancels: (() => void)[] = [];

  constructor(private readonly options: UcmOptions) {}

  start(): void {
    this.stop();
    this.repeat(PROPERTIES_EVERY, () => this.options.publish('properties', { ...PROPERTIES }));
    this.repeat(TELEMETRY_EVERY, () => this.options.publish('telemetry', { alerts: null }));
  }

  stop(): void {
    for (const cancel of this.cancels.splice(0)) cancel();
  }

  private repeat(every: number, say: () => void): void {
    const index = this.cancels.length;
    const next = (): void => {
      say();
      this.cancels[index] = this.options.clock.after(every, next);
    };
    this.cancels.push(() => undefined);
    next();
  }
}
