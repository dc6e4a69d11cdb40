import { DeviceError } from './errors';

/** Levels of objects and lists in one another that an answer, a push or a command may have. */
export const DEEPEST = 64;

const BOM = 0xfeff;

/**
 * Parses JSON that came from outside. A byte order mark before it and NUL bytes behind it are no part of it: devices
 * that send a buffer as a whole add them.
 *
 * @param body bytes of UTF-8, or text
 * @throws DeviceError BAD_RESPONSE: `emptyAnswer`, `notJson` or `tooDeep`
 */
export function parseForeignJson(body: Buffer | string): unknown {
  const text = withoutFraming(typeof body === 'string' ? body : body.toString('utf8'));
  let value: unknown;
  try {
    value = JSON.parse(text) as unknown;
  } catch {
    // The parser's message quotes the body, which may hold anything.
    const empty = text.trim() === '';
    throw new DeviceError('BAD_RESPONSE', empty ? 'The answer is empty.' : 'The answer is not JSON.', {
      reason: empty ? 'emptyAnswer' : 'notJson',
      sent: true,
    });
  }
  if (isDeeperThan(value, DEEPEST)) throw tooDeep();
  return value;
}

/** The text without a byte order mark before it and NUL bytes behind it. */
export function withoutFraming(text: string): string {
  const start = text.charCodeAt(0) === BOM ? 1 : 0;
  let end = text.length;
  // Devices that count the end of a C string along send one; a padded buffer has many, blanks and line ends between.
  while (end > start && text.charCodeAt(end - 1) <= 0x20) end--;
  return start === 0 && end === text.length ? text : text.slice(start, end);
}

/** The error for an answer that is nested deeper than any vendor's. */
export function tooDeep(): DeviceError {
  return new DeviceError('BAD_RESPONSE', `The answer is nested deeper than ${DEEPEST} levels.`, {
    reason: 'tooDeep',
    sent: true,
    params: { levels: DEEPEST },
  });
}

/** Whether a parsed value has more levels of objects and lists than `levels`. Looks level by level, without recursion. */
export function isDeeperThan(value: unknown, levels: number): boolean {
  let level: object[] = typeof value === 'object' && value !== null ? [value] : [];
  for (let depth = 1; level.length > 0; depth++) {
    if (depth > levels) return true;
    const next: object[] = [];
    for (const item of level) {
      for (const inner of Array.isArray(item) ? (item as unknown[]) : (Object.values(item) as unknown[])) {
        if (typeof inner === 'object' && inner !== null) next.push(inner);
      }
    }
    level = next;
  }
  return false;
}
