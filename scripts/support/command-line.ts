/** What the command line tells a script that runs for long, and what that tells the person at it. */

/**
 * The number behind a flag such as `--minutes`.
 *
 * @throws Error if there is none above 0
 */
export function numberOf(flag: string, fallback: number): number {
  const value = valueOf(flag) ?? fallback;
  if (!Number.isFinite(value) || value <= 0) throw new Error(`${flag} needs a number above 0`);
  return value;
}

/**
 * The whole number behind a flag such as `--seed`.
 *
 * @throws Error if there is none above 0
 */
export function wholeNumberOf(flag: string, fallback: number): number {
  const value = valueOf(flag) ?? fallback;
  if (!Number.isInteger(value) || value <= 0) throw new Error(`${flag} needs a whole number above 0`);
  return value;
}

/** `NaN`: the flag is there, and no number behind it. */
function valueOf(flag: string): number | undefined {
  const index = process.argv.indexOf(flag);
  return index < 0 ? undefined : Number(process.argv[index + 1]);
}

export function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
