const UPTIME = /^(?:(\d+)\s*d)?\s*(?:(\d+)\s*h)?\s*(?:(\d+)\s*m)?\s*(?:(\d+)\s*s)?$/i;

/**
 * An uptime as the UPS writes it (`5d 02h 11m`), in s.
 *
 * @returns `null` for anything else; a bare number has no unit, so it is none
 */
export function parseUptime(value: unknown): number | null {
  if (typeof value !== 'string' || value.trim() === '') return null;
  const match = UPTIME.exec(value.trim());
  if (!match) return null;
  const [days = 0, hours = 0, minutes = 0, rest = 0] = match
    .slice(1)
    .map((part: string | undefined) => Number(part ?? 0));
  return ((days * 24 + hours) * 60 + minutes) * 60 + rest;
}
