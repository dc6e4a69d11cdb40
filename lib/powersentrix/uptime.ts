/** Longest text that can be an uptime. */
const LONGEST_TEXT = 64;

const UPTIME = /^(?:(\d{1,9})d)?(?:(\d{1,9})h)?(?:(\d{1,9})m)?(?:(\d{1,9})s)?$/i;

/**
 * An uptime as the UPS writes it (`5d 02h 11m`), in s.
 *
 * @returns `null` for anything else; a bare number has no unit, so it is none
 */
export function parseUptime(value: unknown): number | null {
  if (typeof value !== 'string' || value.length > LONGEST_TEXT) return null;
  // Blanks go first: an expression that may skip them in many places tries every way to share them out.
  const text = value.replace(/\s/g, '');
  if (text === '' || /\d\s+\d/.test(value)) return null;
  const match = UPTIME.exec(text);
  if (!match) return null;
  const [days = 0, hours = 0, minutes = 0, rest = 0] = match
    .slice(1)
    .map((part: string | undefined) => Number(part ?? 0));
  return ((days * 24 + hours) * 60 + minutes) * 60 + rest;
}
