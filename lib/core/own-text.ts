/**
 * A copy of a text that was cut out of a longer one. JavaScript engines keep such a part as a view, and with it the whole:
 * what is remembered for long has to be its own.
 */
export function ownText(text: string): string {
  return Buffer.from(text, 'utf16le').toString('utf16le');
}
