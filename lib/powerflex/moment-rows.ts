import { createHash } from 'node:crypto';

/** Rows that are remembered of the moments at which the responses of one window begin and end, in all. */
const MOST = 200_000;
/** Rows of a moment that wait to be written down: most are never asked for, and writing is what costs. */
const MOST_WAITING = 1000;
/** Characters of a row's text; of a longer one its hash is kept. */
const LONGEST = 100;

/** How many rows may still be remembered. The moments of one window share it. */
export class Room {
  constructor(public left = MOST) {}
}

/** What tells a row from another one of its moment. It is worked out when it is asked for, and once. */
export class RowText {
  private known: string | undefined;

  constructor(private readonly values: readonly unknown[]) {}

  get text(): string {
    return (this.known ??= textOf(this.values));
  }
}

function textOf(values: readonly unknown[]): string {
  const text = JSON.stringify(values);
  return text.length > LONGEST ? createHash('sha256').update(text).digest('base64') : text;
}

/**
 * The rows of one moment, to tell one that comes again from a new one. Stations that report in step have all of theirs in
 * one, so each row is written once, and looked up.
 */
export class MomentRows {
  private readonly waiting: (readonly unknown[])[] = [];
  private readonly texts = new Set<string>();
  /** there was no room for some */
  private lost = false;

  constructor(private readonly room: Room) {}

  add(values: readonly unknown[]): void {
    if (!this.takeRoom()) return;
    this.waiting.push(values);
    if (this.waiting.length >= MOST_WAITING) this.write();
  }

  /** `undefined` for one that may be among those for which there was no room. */
  has(row: RowText): boolean | undefined {
    this.write();
    if (this.texts.has(row.text)) return true;
    return this.lost ? undefined : false;
  }

  /** Takes over what another one has of the same moment. */
  join(other: MomentRows): void {
    for (const text of other.texts) {
      if (this.texts.has(text)) this.room.left++;
      else this.texts.add(text);
    }
    for (const values of other.waiting) this.waiting.push(values);
    if (this.waiting.length >= MOST_WAITING) this.write();
    this.lost ||= other.lost;
    other.forget();
  }

  clear(): void {
    this.room.left += this.waiting.length + this.texts.size;
    this.forget();
  }

  private forget(): void {
    this.waiting.length = 0;
    this.texts.clear();
    this.lost = false;
  }

  private takeRoom(): boolean {
    if (this.room.left <= 0) {
      this.lost = true;
      return false;
    }
    this.room.left--;
    return true;
  }

  private write(): void {
    const { waiting, texts } = this;
    if (waiting.length === 0) return;
    const before = texts.size;
    for (const values of waiting) texts.add(textOf(values));
    // Rows that are the same take the room of one.
    this.room.left += waiting.length - (texts.size - before);
    waiting.length = 0;
  }
}
