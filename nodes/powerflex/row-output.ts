import type { NodeAPI } from 'node-red';

import { DeviceError } from '../../lib/core/errors';
import { isRecord } from '../../lib/core/values';
import { type FlowMessage, outerParts } from '../shared/messages';

export type OutputForm = 'array' | 'messages' | 'columns';

/** An item for the flow: a row or a session, with the values as they came where they are wanted. */
export interface Item {
  value: object;
  raw?: unknown;
}

/** An item without the values as they came. A class, because V8 counts how long the objects of a literal live: see `rows`. */
export class PlainItem implements Item {
  constructor(readonly value: object) {}
}

/** An item with the values as they came. */
export class RawItem implements Item {
  constructor(
    readonly value: object,
    readonly raw: unknown,
  ) {}
}

/** Takes items and makes messages of them. */
export interface RowOutput {
  /**
   * @param bytes of the response that they took, as far as is known
   * @throws DeviceError BAD_RESPONSE `powerflexTooMuch` when one message cannot carry all of them
   */
  add: (items: readonly Item[], bytes?: number) => void;
  /** The last message, which ends a sequence also where there were no rows. */
  end: () => Record<string, unknown>;
}

export interface OutputOptions {
  form: OutputForm;
  /** `messages`: how many items a message carries; 1: the item itself */
  perMessage: number;
  /** the names of the columns, known also when no row comes */
  columns: readonly string[];
  send: (msg: Record<string, unknown>) => void;
}

/** Values, rows × columns, that one message carries; more would fill the memory. */
const MAX_VALUES = 6_000_000;
/** Bytes of a response that one message carries. */
const MAX_BYTES = 100 * 1024 * 1024;

/** Counts what one message is to carry. */
class Load {
  private values = 0;
  private bytes = 0;

  constructor(private readonly columns: number) {}

  take(items: readonly Item[], bytes: number): void {
    const [first] = items;
    const raw = isRecord(first?.raw) ? Object.keys(first.raw).length : 0;
    this.values += items.length * (this.columns + raw);
    this.bytes += bytes;
    if (this.values <= MAX_VALUES && this.bytes <= MAX_BYTES) return;
    throw new DeviceError(
      'BAD_RESPONSE',
      `The answer holds more than one message carries (${MAX_VALUES} values). Choose a sequence of messages as output.`,
      { reason: 'powerflexTooMuch', params: { max: MAX_VALUES }, sent: true },
    );
  }
}

/** Makes the messages of one response to `msg`; `payload`, `parts` and `raw` are added to what `base` gives. */
export function rowOutput(RED: NodeAPI, base: () => FlowMessage, options: OutputOptions): RowOutput {
  switch (options.form) {
    case 'messages':
      return messages(base, RED.util.generateId(), options);
    case 'columns':
      return columns(base, options);
    case 'array':
      return array(base, options);
  }
}

function array(base: () => FlowMessage, options: OutputOptions): RowOutput {
  const payload: object[] = [];
  const raw: unknown[] = [];
  const load = new Load(options.columns.length);
  return {
    add: (items, bytes = 0) => {
      load.take(items, bytes);
      for (const item of items) {
        payload.push(item.value);
        if ('raw' in item) raw.push(item.raw);
      }
    },
    end: () => ({ ...base(), payload, ...(raw.length > 0 ? { raw } : {}) }),
  };
}

function columns(base: () => FlowMessage, options: OutputOptions): RowOutput {
  const payload = Object.fromEntries(options.columns.map((name): [string, unknown[]] => [name, []]));
  const lists = Object.entries(payload);
  const raw: unknown[] = [];
  const load = new Load(options.columns.length);
  return {
    add: (items, bytes = 0) => {
      load.take(items, bytes);
      for (const item of items) {
        for (const [name, list] of lists) list.push(Reflect.get(item.value, name));
        if ('raw' in item) raw.push(item.raw);
      }
    },
    end: () => ({ ...base(), payload, ...(raw.length > 0 ? { raw } : {}) }),
  };
}

/**
 * One message always waits, because the last one tells how many there are, for a `join` node. A sequence of another node
 * that the message belongs to is kept inside, where `join` finds it again.
 */
function messages(base: () => FlowMessage, id: string, { perMessage, send }: OutputOptions): RowOutput {
  let waiting: Item[] = [];
  let index = 0;
  const make = (items: Item[], count?: number): Record<string, unknown> => {
    const message = base();
    const single = perMessage === 1 ? items[0] : undefined;
    const raw = single ? single.raw : items.map((item) => item.raw);
    return {
      ...message,
      payload: single ? single.value : items.map((item) => item.value),
      parts: {
        ...outerParts(message),
        ...{ id, type: 'array', index: index++ },
        // `join` puts lists together, and an empty one adds nothing.
        ...(single ? {} : { len: Math.max(2, perMessage) }),
        ...(count === undefined ? {} : { count }),
      },
      ...(items[0] && 'raw' in items[0] ? { raw } : {}),
    };
  };
  return {
    add: (items) => {
      for (const item of items) {
        if (waiting.length === perMessage) {
          send(make(waiting));
          waiting = [];
        }
        waiting.push(item);
      }
    },
    end: () => make(waiting, index + 1),
  };
}
