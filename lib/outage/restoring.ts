import { between, type Moment } from '../core/moment';
import type { PortBook, PortOrder } from './ports';
import type { UpsView } from './reading';
import type { PlanSettings } from './settings';

const SECOND = 1000;
/** ms; what an older reading says is not what is */
const FRESH = 120_000;
/** ms without a reading in which the mains may have gone and come unseen */
const LONGEST_UNSEEN = 3_600_000;
/** ms; a port that comes back sooner may not have switched its host off */
const LEAST_OFF = 15_000;

/** When ports come back, and in which order. */
export class Restoring {
  private mainsSince: Moment | undefined;
  private latest: { view: UpsView; at: Moment } | undefined;
  private last: Moment | undefined;

  constructor(private readonly settings: PlanSettings) {}

  /** Whether a reading has come since the start. */
  get seen(): boolean {
    return this.latest !== undefined;
  }

  view(view: UpsView, isReading: boolean, now: Moment): void {
    if (view.onBattery === true) this.mainsSince = undefined;
    if (!isReading) return;
    const unseen = this.latest && between(this.latest.at, now) > LONGEST_UNSEEN;
    if (view.onBattery === false) this.mainsSince = unseen ? now : (this.mainsSince ?? now);
    this.latest = { view, at: now };
  }

  /** What keeps ports from coming back: `reading` none is fresh and says mains. */
  hold(now: Moment): { why: 'reading' | 'time' | 'battery' } | undefined {
    const { stable, charge, restoreVoltage } = this.settings;
    const { latest, mainsSince } = this;
    if (!latest || !mainsSince || latest.view.onBattery !== false || between(latest.at, now) > FRESH)
      return { why: 'reading' };
    if (between(mainsSince, now) < Math.max(stable, charge) * SECOND) return { why: 'time' };
    const { voltage, lowBattery } = latest.view;
    // What is not known is not good enough.
    const charged =
      restoreVoltage === null ? lowBattery === false : voltage !== null && voltage > restoreVoltage;
    return charged && lowBattery !== true ? undefined : { why: 'battery' };
  }

  /** @param isBusy whether a cut of this port is still to come */
  next(book: PortBook, isBusy: (port: number) => boolean, now: Moment): PortOrder | undefined {
    if (book.off.length === 0 || this.hold(now) || book.isOpen('restoring', now)) return undefined;
    if (this.last && between(this.last, now) < this.settings.pause * SECOND) return undefined;
    const order = backInOrder(this.settings);
    // What the table does not name any more comes last.
    const place = (one: number): number => (order.includes(one) ? order.indexOf(one) : order.length);
    const ports = [...book.off].sort((a, b) => place(a) - place(b));
    const port = ports.find((one) => !isBusy(one) && book.mayRestore(one, LEAST_OFF, now));
    if (port === undefined) return undefined;
    this.last = now;
    return book.restore(port, now);
  }
}

/** The ports of a plan in the order in which they come back: what the plan needs itself comes first. */
export function backInOrder({
  steps,
  needed,
  order,
}: Pick<PlanSettings, 'steps' | 'needed' | 'order'>): number[] {
  const ports = steps.flatMap(({ action, port }) => (action === 'off' && port !== null ? [port] : []));
  if (order === 'reverse') return ports.reverse();
  return [...ports.filter((port) => needed.has(port)), ...ports.filter((port) => !needed.has(port))];
}
