import type { Push } from './push';
import { type Ident, normaliseIdent } from './status';

/** A UPS that has been heard of. */
export interface Registration {
  cmm: string;
  description: string | null;
  serialNumber: string | null;
  model: string | null;
  firmware: string | null;
  /** where its last push came from; shown, and never called */
  address: string;
  /** epoch ms */
  lastPush: number;
  pushes: number;
}

/** More than that in one place is no UPS room; the longest silent one is forgotten. */
const MOST = 500;

/** The UPSes that push to one receiver. */
export class PushRegistry {
  private readonly known = new Map<string, Registration>();

  /** The most recently heard last. */
  get all(): Registration[] {
    return [...this.known.values()];
  }

  get(cmm: string): Registration | undefined {
    return this.known.get(cmm);
  }

  /**
   * Notes a push.
   *
   * @param now epoch ms
   */
  note(push: Push, address: string, now: number): void {
    const { cmm } = push;
    const before = this.known.get(cmm);
    const ident = identOf(push);
    this.known.delete(cmm);
    this.known.set(cmm, {
      cmm,
      description: (push.kind === 'registered' ? push.description : null) ?? before?.description ?? null,
      serialNumber: ident?.serialNumber ?? before?.serialNumber ?? null,
      model: ident?.model ?? before?.model ?? null,
      firmware: ident?.mainFirmware ?? before?.firmware ?? null,
      address,
      lastPush: now,
      pushes: (before?.pushes ?? 0) + 1,
    });
    const [oldest] = this.known.keys();
    if (this.known.size > MOST && oldest !== undefined) this.known.delete(oldest);
  }
}

function identOf(push: Push): Ident | undefined {
  if (push.kind === 'registered') return normaliseIdent(push.ident);
  return push.kind === 'data' ? normaliseIdent(push.complex.config.ident) : undefined;
}
