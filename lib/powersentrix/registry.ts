import { Notices, type NoticeHandler } from '../core/notices';
import { cleanText } from '../core/redact';
import { type Push, sameCmm } from './push';
import { labelOf, listOf, LONGEST_LABEL, recordOf } from './values';

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

/** More than that in one place is no UPS room; the longest silent one without a node is forgotten. */
const MAX_KEPT = 500;
/** ms for which another process's knowledge counts */
const KEPT_FOR = 24 * 3_600_000;

/** The UPSes that push to one receiver. */
export class PushRegistry {
  private readonly known = new Map<string, Registration>();
  /** of UPSes that a node looks after; the others are strangers, and decide how many they are */
  private readonly notices = new Map<string, Notices>();

  /**
   * @param isAttached whether a node looks after this UPS
   * @param onNotice hears of what is odd about such a UPS, each thing once: another serial number or address than before,
   *   which may be another device in its name, and parts of a status that cannot be read
   */
  constructor(
    private readonly isAttached: (cmm: string) => boolean = () => false,
    private readonly onNotice: NoticeHandler = () => undefined,
  ) {}

  /** The most recently heard last. */
  get all(): Registration[] {
    return [...this.known.values()];
  }

  /** @param cmm as it came or as a user typed it */
  get(cmm: string): Registration | undefined {
    return this.known.get(sameCmm(cmm));
  }

  /**
   * Notes a push.
   *
   * @param now epoch ms
   * @returns what is known of its UPS
   */
  note(push: Push, address: string, now: number): Registration {
    const { cmm } = push;
    const before = this.known.get(cmm);
    const ident = identOf(push);
    const after: Registration = {
      cmm,
      description: (push.kind === 'registered' ? push.description : null) ?? before?.description ?? null,
      serialNumber: labelOf(ident.sn) ?? before?.serialNumber ?? null,
      model: labelOf(ident.type) ?? before?.model ?? null,
      firmware: labelOf(ident.mainFirmware) ?? before?.firmware ?? null,
      address,
      lastPush: now,
      pushes: (before?.pushes ?? 0) + 1,
    };
    this.known.delete(cmm);
    this.known.set(cmm, after);
    if (this.known.size > MAX_KEPT) this.forgetOne(cmm);
    if (this.isAttached(cmm)) this.tell(push, before, after);
    return after;
  }

  /**
   * Takes over what another process knows, whatever stands in it, as far as it is of a day and nothing newer is known here.
   *
   * @param now epoch ms
   * @returns what was taken
   */
  restore(stored: unknown, now: number): Registration[] {
    const taken = readRegistrations(stored, now).filter(({ cmm }) => !this.known.has(cmm));
    const all = [...this.known.values(), ...taken].sort((a, b) => a.lastPush - b.lastPush).slice(-MAX_KEPT);
    this.known.clear();
    for (const one of all) this.known.set(one.cmm, one);
    return taken.filter(({ cmm }) => this.known.has(cmm));
  }

  private forgetOne(newest: string): void {
    for (const cmm of this.known.keys()) {
      if (cmm === newest || this.isAttached(cmm)) continue;
      this.known.delete(cmm);
      return;
    }
    // Attached ones are as many as the user's nodes, and a stranger finds no place among them.
    if (!this.isAttached(newest)) this.known.delete(newest);
  }

  private tell(push: Push, before: Registration | undefined, after: Registration): void {
    const { cmm } = push;
    const changes = (['serialNumber', 'address'] as const).filter(
      (name) => before && before[name] !== null && before[name] !== after[name],
    );
    const odd = push.kind === 'data' ? push.odd : [];
    if (changes.length === 0 && odd.length === 0) return;
    const notices = this.notices.get(cmm) ?? new Notices(this.onNotice);
    this.notices.set(cmm, notices);
    for (const name of changes) {
      const reason = name === 'address' ? 'powersentrixPushAddress' : 'powersentrixPushSerialNumber';
      const [old, now] = [before, after].map((one) => cleanText(one?.[name] ?? ''));
      notices.once({ reason, params: { cmm, before: old ?? '', after: now ?? '' } });
    }
    for (const part of odd) notices.once({ reason: 'powersentrixPushOdd', params: { cmm, part } });
  }
}

/** What is no registration, or was not heard of for a day, is left out. */
function readRegistrations(stored: unknown, now: number): Registration[] {
  return listOf(stored)
    .slice(-MAX_KEPT)
    .flatMap((one) => {
      const { cmm, lastPush, pushes, address, ...named } = recordOf(one);
      if (typeof cmm !== 'string' || cmm === '' || cmm.length > LONGEST_LABEL) return [];
      if (typeof lastPush !== 'number' || !(now - lastPush < KEPT_FOR) || lastPush > now + KEPT_FOR)
        return [];
      const text = (name: string): string | null => {
        const value = named[name];
        return typeof value === 'string' ? value.slice(0, LONGEST_LABEL) : null;
      };
      return {
        cmm: sameCmm(cmm),
        ...{ description: text('description'), serialNumber: text('serialNumber') },
        ...{ model: text('model'), firmware: text('firmware') },
        address: typeof address === 'string' ? address.slice(0, LONGEST_LABEL) : '',
        lastPush,
        pushes: typeof pushes === 'number' && pushes > 0 ? pushes : 1,
      };
    });
}

/** As it came: of each push no more is read than what is noted here. */
function identOf(push: Push): Record<string, unknown> {
  if (push.kind === 'registered') return push.ident;
  return push.kind === 'data' ? recordOf(push.complex.config.ident) : {};
}
