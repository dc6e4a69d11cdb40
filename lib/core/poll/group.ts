import type { DeviceError } from '../errors';

/** What a group does with one of its devices. */
export interface GroupMember<P> {
  part: P;
  close: () => void;
}

/** Hears of a group's devices. */
export interface GroupListener<P> {
  /** a device has come, or was there when listening began */
  added: (id: string, part: P) => void;
  removed: (id: string) => void;
  /** whether the list of the devices can be had has changed */
  listed?: () => void;
}

export interface GroupOptions<E, P> {
  idOf: (entry: E) => string;
  /** @param entry the device as it was listed last */
  make: (id: string, entry: () => E) => GroupMember<P>;
  /** begins to look for devices, for the first listener. @returns what ends it */
  start: (group: DeviceGroup<E, P>) => () => void;
  /** looks for devices now. @throws DeviceError */
  look?: (signal: AbortSignal) => Promise<void>;
  /** devices at the most; what is above it is told once each time it changes, and left out */
  most: number;
  onLeftOut?: (count: number) => void;
}

/**
 * The devices of an account or a receiver, as they come and go, for any number of listeners. While nobody listens, nothing is
 * asked.
 */
export class DeviceGroup<E, P> {
  private readonly entries = new Map<string, E>();
  private readonly parts = new Map<string, GroupMember<P>>();
  private readonly listeners = new Set<GroupListener<P>>();
  private end: (() => void) | undefined;
  private leftOut = 0;
  private why: DeviceError | undefined;
  private seen = false;

  constructor(private readonly options: GroupOptions<E, P>) {}

  get members(): ReadonlyMap<string, GroupMember<P>> {
    return this.parts;
  }

  /** Why the list cannot be had at the moment. */
  get failure(): DeviceError | undefined {
    return this.why;
  }

  /** Whether there has been a list yet. */
  get isListed(): boolean {
    return this.seen;
  }

  /** @returns ends that */
  follow(listener: GroupListener<P>): () => void {
    this.listeners.add(listener);
    for (const [id, { part }] of this.parts) listener.added(id, part);
    if (this.listeners.size === 1) this.end = this.options.start(this);
    return () => {
      if (this.listeners.delete(listener) && this.listeners.size === 0) this.rest();
    };
  }

  /** Looks for devices now, where the group can. @throws DeviceError */
  async look(signal: AbortSignal): Promise<void> {
    await this.options.look?.(signal);
  }

  /** Takes the list of all devices: those that are not in it any more go. */
  update(list: readonly E[]): void {
    const listed = new Set(list.map(this.options.idOf));
    for (const id of [...this.parts.keys()]) if (!listed.has(id)) this.remove(id);
    for (const entry of list) this.add(entry);
    this.setLeftOut(listed.size - this.parts.size);
    this.setFailure(undefined);
  }

  /** @returns the device's part; `undefined`: there are too many */
  add(entry: E): P | undefined {
    const id = this.options.idOf(entry);
    const known = this.parts.get(id);
    if (!known && this.parts.size >= this.options.most) return undefined;
    this.entries.set(id, entry);
    if (known) return known.part;
    const made = this.options.make(id, () => this.entries.get(id) ?? entry);
    this.parts.set(id, made);
    for (const listener of this.listeners) listener.added(id, made.part);
    return made.part;
  }

  setFailure(why: DeviceError | undefined): void {
    const isNews = !this.seen || this.why?.reason !== why?.reason;
    this.seen ||= why === undefined;
    this.why = why;
    if (isNews) for (const listener of this.listeners) listener.listed?.();
  }

  close(): void {
    this.listeners.clear();
    this.rest();
  }

  private setLeftOut(count: number): void {
    if (count !== this.leftOut && count > 0) this.options.onLeftOut?.(count);
    this.leftOut = count;
  }

  private remove(id: string): void {
    const gone = this.parts.get(id);
    this.parts.delete(id);
    this.entries.delete(id);
    for (const listener of this.listeners) listener.removed(id);
    gone?.close();
  }

  private rest(): void {
    this.end?.();
    this.end = undefined;
    for (const { close } of this.parts.values()) close();
    this.parts.clear();
    this.entries.clear();
    this.seen = false;
    this.why = undefined;
  }
}
