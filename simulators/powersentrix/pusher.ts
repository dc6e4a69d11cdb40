import type { UpsModel } from './model';

export interface PusherOptions {
  /** As typed into the UPS, e.g. `http://127.0.0.1:1880/powersentrix`. */
  serverUrl: string;
  companyId: string;
  /** ms; the firmware's default is five minutes. */
  interval?: number;
  /** Path before the endpoint's name; default `api/`. */
  spelling?: string;
}

/** ms */
const RESPONSE_TIMEOUT = 3000;

/** What a push was answered with; status 0: not at all. */
export interface PushResult {
  endpoint: string;
  status: number;
}

/** Pushes as the firmware does: the identity on boot, the status every interval, events as they happen. */
export class Pusher {
  readonly results: PushResult[] = [];
  private timer: NodeJS.Timeout | undefined;
  private readonly abort = new AbortController();
  private readonly unsubscribe: () => void;

  constructor(
    private readonly model: UpsModel,
    private readonly options: PusherOptions,
  ) {
    this.unsubscribe = model.onEvent((event) => {
      if (event.kind === 'log') void this.push('setUpsLog', event.record);
      else void this.pushData();
    });
  }

  /** Registers, sends the status and goes on doing so. */
  async boot(): Promise<void> {
    this.timer = setInterval(() => void this.pushData(), this.options.interval ?? 300_000);
    await this.register();
    await this.pushData();
  }

  /** As the button "Send Initial Request" in the UPS's web management. */
  register(): Promise<PushResult> {
    return this.push('setNewUps', this.model.ident());
  }

  pushData(): Promise<PushResult> {
    return this.push('setUpsData', this.model.complex());
  }

  close(): void {
    clearInterval(this.timer);
    this.abort.abort();
    this.unsubscribe();
  }

  private async push(endpoint: string, body: unknown): Promise<PushResult> {
    const { serverUrl, companyId, spelling = 'api/' } = this.options;
    const query = new URLSearchParams({ companyId, cmm: this.model.cmm });
    if (endpoint === 'setNewUps') query.set('upsDescription', this.model.description);
    let status = 0;
    try {
      const response = await fetch(`${serverUrl}/${spelling}${endpoint}?${query.toString()}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
        // A server that takes the request and says nothing must not end the pushing.
        signal: AbortSignal.any([this.abort.signal, AbortSignal.timeout(RESPONSE_TIMEOUT)]),
      });
      await response.arrayBuffer();
      status = response.status;
    } catch {
      // Nobody listens, as far as the UPS can tell; it goes on.
    }
    const result = { endpoint, status };
    this.results.push(result);
    if (this.results.length > 1000) this.results.shift();
    return result;
  }
}
