import { tooMuch } from '../../core/budget';
import { notEnapter } from './errors';

/** Characters of the longest field. */
const LONGEST_FIELD = 64 * 1024;

const COMMA = 0x2c;
const LF = 0x0a;
const CR = 0x0d;

/**
 * Splits CSV (RFC 4180: quotes, doubled quotes, line breaks within quotes) into records as its text arrives. Looks at
 * each character once.
 */
export class CsvReader {
  /** the fields of the present record; the array is used again for the next one */
  private readonly record: string[] = [];
  private fields = 0;
  private field = '';
  private quoted = false;
  /** a quote within quotes came last: the next character says what it was */
  private pending = false;
  /** whether the field began with a quote, so that it is a field even if it is empty */
  private begun = false;

  /**
   * @param onRecord is given each record. The array is the same each time: a response of millions of fields would leave
   *   more behind in arrays than its values take
   * @param max fields of a record; further ones are counted by an empty field and not kept
   */
  constructor(
    private readonly onRecord: (record: readonly string[]) => void,
    private readonly max = Infinity,
  ) {}

  /** Whether a record has begun that no line break has ended yet. */
  get isWithinRecord(): boolean {
    return this.fields > 0 || this.field !== '' || this.begun;
  }

  /** Gives the records that are complete with this text. @throws DeviceError BAD_RESPONSE */
  push(text: string): void {
    let at = 0;
    while (at < text.length) at = this.quoted ? this.inQuotes(text, at) : this.plain(text, at);
  }

  /** Gives the last record, if the text did not end with a line break. @throws DeviceError BAD_RESPONSE */
  end(): void {
    if (this.quoted && !this.pending) throw notEnapter('CSV that ends within quotes');
    this.quoted = false;
    this.pending = false;
    this.endRecord();
  }

  private inQuotes(text: string, at: number): number {
    if (this.pending) {
      this.pending = false;
      if (text[at] !== '"') {
        this.quoted = false;
        return at;
      }
      this.add('"');
      return at + 1;
    }
    const end = text.indexOf('"', at);
    this.add(text.slice(at, end < 0 ? text.length : end));
    if (end < 0) return text.length;
    this.pending = true;
    return end + 1;
  }

  private plain(text: string, at: number): number {
    if (this.field === '' && !this.begun && text[at] === '"') {
      this.quoted = true;
      this.begun = true;
      return at + 1;
    }
    let end = at;
    let character = 0;
    for (; end < text.length; end++) {
      character = text.charCodeAt(end);
      if (character === COMMA || character === LF || character === CR) break;
    }
    if (end > at) this.add(text.slice(at, end));
    if (end === text.length) return end;
    if (character === COMMA) this.endField();
    // The break of a line may be CR and LF, of which the second ends an empty record.
    else this.endRecord();
    return end + 1;
  }

  private add(part: string): void {
    if (this.field.length + part.length > LONGEST_FIELD)
      throw tooMuch(LONGEST_FIELD, 'characters in a field');
    this.field += part;
  }

  private endField(): void {
    if (this.fields <= this.max) this.record[this.fields++] = this.field;
    this.field = '';
    this.begun = false;
  }

  private endRecord(): void {
    if (!this.isWithinRecord) return;
    this.endField();
    // Not emptied before the next one, which would give its memory back.
    if (this.record.length > this.fields) this.record.length = this.fields;
    this.fields = 0;
    this.onRecord(this.record);
  }
}
