import type { NoticeHandler } from '../core/notices';
import { cleanText } from '../core/redact';
import type { Batch, SeriesHead } from './influx';
import { COLUMN_OF, type MappedRow, type Measurement, rowFields } from './rows';

/** Rows without a time that are told apart; to write down more of 200 columns each would hold everybody up. */
const MAX_WITHOUT_TIME = 2_000;

/** Looks for what is odd in the rows of a reading: what it costs is said, and the rest counts. */
export class RowsInspector {
  private readonly fields: string[];
  /** fields that were `null` so far although their column is there */
  private empty: Set<string> | undefined;
  private head: SeriesHead | undefined;
  private present: string[] = [];
  private readonly seen = new Set<string>();
  private readonly timeless = new Set<string>();
  private withoutTime = 0;

  /** @param windows whether a row without a time may come with several answers */
  constructor(
    measurement: Measurement,
    private readonly windows: boolean,
    private readonly onNotice: NoticeHandler = () => undefined,
  ) {
    this.fields = rowFields(measurement).filter((field) => field !== 'timestamp');
  }

  /** Looks at the form of rows. */
  see({ head, rows }: Batch, lists: readonly unknown[][]): void {
    if (lists.length < rows.length) this.onNotice({ reason: 'powerflexRow' });
    const width = head.columns.length;
    if (lists.some(({ length }) => length !== width)) this.onNotice({ reason: 'powerflexRowLength' });
  }

  /** Looks at the values of typed rows. */
  check({ head }: Batch, rows: readonly MappedRow[]): void {
    if (rows.length === 0) return;
    if (this.head !== head) {
      this.head = head;
      const columns = new Set(head.columns);
      this.present = this.fields.filter((field) => columns.has(COLUMN_OF[field] ?? ''));
      for (const field of this.present) {
        if (this.seen.has(field)) continue;
        this.seen.add(field);
        (this.empty ??= new Set()).add(field);
      }
    }
    if (!this.empty || this.empty.size === 0) return;
    for (const field of this.present) {
      if (this.empty.has(field) && rows.some(({ row }) => Reflect.get(row, field) !== null)) {
        this.empty.delete(field);
      }
    }
  }

  /**
   * Whether a row without a time goes out: it belongs to no window, so each window's answer may bring it, and it goes out
   * with the first.
   */
  mayPass(row: MappedRow): boolean {
    if (this.windows) {
      if (this.timeless.size >= MAX_WITHOUT_TIME) return false;
      const identity = JSON.stringify(row.values);
      if (this.timeless.has(identity)) return false;
      this.timeless.add(identity);
    }
    if (this.withoutTime++ === 0) this.onNotice({ reason: 'powerflexWithoutTime' });
    return true;
  }

  /** What was found, and says what is known only at the end. */
  result(): { withoutTime?: number; emptyColumns?: string[] } {
    const empty = [...(this.empty ?? [])].map((field) => COLUMN_OF[field] ?? field);
    for (const column of empty) {
      this.onNotice({ reason: 'powerflexEmptyColumn', params: { column: cleanText(column) } });
    }
    return {
      ...(this.withoutTime > 0 ? { withoutTime: this.withoutTime } : {}),
      ...(empty.length > 0 ? { emptyColumns: empty } : {}),
    };
  }
}
