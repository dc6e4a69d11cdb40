import { DeviceError } from '../../lib/core/errors';
import { type PortOutcome, UpsCommands, type UpsLink } from '../../lib/powersentrix/commands';
import type { ComplexObject } from '../../lib/powersentrix/complex';
import { FakeClock } from './fake-clock';
import { newSeed, Seeded } from './seeded';

/**
 * Random faults against the verified switching, in virtual time. The world keeps its own record of what really
 * happened to every port, and each command's answer is held against it.
 */

const TOGGLE_FAULTS = [
  'none',
  'none',
  'neverSent',
  'droppedBefore',
  'droppedAfter',
  'lateAnswer',
  'timeoutLateEffect',
  'acceptedLateEffect',
  'acceptedNoEffect',
  'wrongBody',
  'error500Before',
  'error500After',
  'refused',
  'otherToggles',
] as const;

const READ_FAULTS = ['unreachable', 'timeout', 'wrongBody', 'error500'] as const;

const ALLOWED = [
  'REJECTED',
  'CONFLICT',
  'OUTCOME_UNKNOWN',
  'UNREACHABLE',
  'TIMEOUT',
  'BAD_RESPONSE',
  'FORBIDDEN',
];

const httpError = (status: number, code: 'BAD_RESPONSE' | 'FORBIDDEN'): DeviceError =>
  new DeviceError(code, `HTTP ${status}`, { status, sent: true });
const broke = (sent: boolean): DeviceError => new DeviceError('UNREACHABLE', 'broke', { sent });
const timeout = (): DeviceError => new DeviceError('TIMEOUT', 'no answer', { sent: true });
const wrongBody = (): DeviceError => new DeviceError('BAD_RESPONSE', 'not JSON', { sent: true });

/** What one command did, as the world saw it. */
interface Trace {
  begun: number;
  sent: number;
  toggleEnded: number;
}

/** Twelve ports that keep a record of their states, behind a way that fails. */
class World implements UpsLink {
  readonly traces = new Map<AbortSignal, Trace>();
  private readonly ports = Array.from({ length: 12 }, () => [{ at: -1, on: false }]);
  /** until when the configured state still shows the old one, by port */
  private readonly lagging = new Map<number, { until: number; on: boolean }>();

  constructor(
    private readonly clock: FakeClock,
    private readonly random: Seeded,
  ) {}

  stateOf(port: number): boolean {
    return this.ports[port]?.at(-1)?.on ?? false;
  }

  /** Whether a port was in a state at some time from `from` to now. */
  wasIn(port: number, on: boolean, from: number): boolean {
    const history = this.ports[port] ?? [];
    const atStart = history.filter(({ at }) => at <= from).at(-1)?.on === on;
    return atStart || history.some((change) => change.at >= from && change.on === on);
  }

  flip(port: number): void {
    const before = this.stateOf(port);
    const history = this.ports[port];
    history?.push({ at: this.clock.monotonic(), on: !before });
    if (history && history.length > 60) history.splice(0, 30);
    if (this.random.chance(0.2)) {
      this.lagging.set(port, { until: this.clock.monotonic() + this.random.below(20_000), on: before });
    }
  }

  async readComplex(): Promise<ComplexObject> {
    const { random } = this;
    if (random.chance(0.12)) {
      const fault = random.pick(READ_FAULTS);
      await this.wait(fault === 'timeout' ? 8000 : random.below(50));
      if (fault === 'unreachable') throw broke(false);
      if (fault === 'timeout') throw timeout();
      throw fault === 'wrongBody' ? wrongBody() : httpError(500, 'BAD_RESPONSE');
    }
    await this.wait(random.below(30));
    const live = this.ports.map((_, port) => this.stateOf(port));
    const configured = live.map((on, port) => {
      const lag = this.lagging.get(port);
      return lag && lag.until > this.clock.monotonic() ? lag.on : on;
    });
    // The answer may be under way for long; what it says was true when it was made.
    await this.wait(random.chance(0.1) ? random.below(4000) : random.below(30));
    return {
      config: { outputs: configured.map((on, id) => ({ id, status: on ? 'ON' : 'OFF' })) },
      upsData: { outputs: live.map(Number) },
    };
  }

  async toggle(port: number, signal?: AbortSignal): Promise<void> {
    const trace = signal && this.traces.get(signal);
    if (!trace) throw new Error('a toggle of nobody');
    const fault = this.random.pick(TOGGLE_FAULTS);
    try {
      if (fault === 'neverSent') {
        await this.wait(5);
        throw broke(false);
      }
      trace.sent++;
      await this.deliver(fault, port);
    } finally {
      trace.toggleEnded = this.clock.monotonic();
    }
  }

  private async deliver(fault: (typeof TOGGLE_FAULTS)[number], port: number): Promise<void> {
    const { random } = this;
    await this.wait(random.below(40));
    const later = (ms: number): void => void this.clock.after(ms, () => this.flip(port));
    switch (fault) {
      case 'droppedBefore':
        throw broke(true);
      case 'refused':
        throw httpError(403, 'FORBIDDEN');
      case 'error500Before':
        throw httpError(500, 'BAD_RESPONSE');
      case 'acceptedNoEffect':
        return;
      case 'acceptedLateEffect':
        later(random.below(25_000));
        return;
      case 'timeoutLateEffect':
        later(random.below(40_000));
        await this.wait(8000);
        throw timeout();
      case 'otherToggles':
        this.flip(port);
        break;
      default:
    }
    this.flip(port);
    if (fault === 'droppedAfter') throw broke(true);
    if (fault === 'wrongBody') throw wrongBody();
    if (fault === 'error500After') throw httpError(500, 'BAD_RESPONSE');
    if (fault === 'lateAnswer') await this.wait(7000);
    if (random.chance(0.05)) later(random.below(5000));
  }

  private wait(ms: number): Promise<void> {
    return new Promise((resolve) => void this.clock.after(ms, resolve));
  }
}

export interface CampaignReport {
  seed: number;
  commands: number;
  /** answers, of which there has to be one for each command */
  responses: number;
  falseSuccesses: number;
  doubleToggles: number;
  /** toggles that were sent although the answer says that none was needed, or none although one is claimed */
  wrongChanged: number;
  unexpected: string[];
  /** how often each outcome came */
  outcomes: Record<string, number>;
}

/** Runs that many commands; a seed repeats a run. */
export async function runCampaign(commands: number, seed: number): Promise<CampaignReport> {
  const random = new Seeded(seed);
  const clock = new FakeClock();
  const world = new World(clock, random);
  const control = new UpsCommands(world, { clock });
  const report: CampaignReport = {
    seed,
    commands,
    responses: 0,
    falseSuccesses: 0,
    doubleToggles: 0,
    wrongChanged: 0,
    unexpected: [],
    outcomes: {},
  };
  const count = (outcome: string): void => {
    report.responses++;
    report.outcomes[outcome] = (report.outcomes[outcome] ?? 0) + 1;
  };
  const judge = (outcome: PortOutcome, trace: Trace, wanted: boolean | undefined): void => {
    const { port, on, changed, verified } = outcome;
    const since = changed ? trace.toggleEnded : trace.begun;
    const truthful = verified && world.wasIn(port, on, since) && (wanted === undefined || wanted === on);
    if (!truthful) report.falseSuccesses++;
    if (changed !== (trace.sent === 1)) report.wrongChanged++;
    count(changed ? 'switched' : 'already');
  };

  const issue = async (): Promise<void> => {
    const action = random.pick(['on', 'off', 'toggle'] as const);
    const port = random.below(3);
    const { signal } = new AbortController();
    const trace: Trace = { begun: clock.monotonic(), sent: 0, toggleEnded: 0 };
    world.traces.set(signal, trace);
    try {
      const outcome = await control.run({ port, action }, signal);
      judge(outcome, trace, action === 'toggle' ? undefined : action === 'on');
    } catch (error) {
      const code = error instanceof DeviceError ? error.code : String(error);
      const superseded = error instanceof DeviceError && error.reason === 'superseded';
      if (superseded && trace.sent > 0) report.wrongChanged++;
      if (!superseded && !ALLOWED.includes(code)) report.unexpected.push(code);
      count(superseded ? 'superseded' : code);
    }
    if (trace.sent > 1) report.doubleToggles++;
    world.traces.delete(signal);
  };

  for (let issued = 0; issued < commands;) {
    const batch = Math.min(1 + random.below(3), commands - issued);
    issued += batch;
    let open = batch;
    for (let one = 0; one < batch; one++) void issue().finally(() => open--);
    if (random.chance(0.2)) clock.after(random.below(3000), () => world.flip(random.below(3)));
    // Each round fires the next timer, so a command that nobody answers would show as none left to fire.
    while (open > 0) await clock.advance(clock.next ?? 0);
  }
  return report;
}

/** From the command line: `node switching-campaign.js 10000`. */
async function main(): Promise<void> {
  const report = await runCampaign(Number(process.argv[2] ?? 10_000), newSeed());
  process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
  const { responses: replies, commands, falseSuccesses, doubleToggles, wrongChanged, unexpected } = report;
  const good =
    replies === commands && falseSuccesses + doubleToggles + wrongChanged + unexpected.length === 0;
  process.exitCode = good ? 0 : 1;
}

if (require.main === module) void main();
