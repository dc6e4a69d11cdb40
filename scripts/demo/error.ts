/** A failure that a user of the demo can put right: its text is printed alone, without a stack. */
export class DemoError extends Error {}

/** The `code` of a Node.js system error, e.g. `EADDRINUSE`; undefined for every other value. */
export function errorCode(error: unknown): string | undefined {
  const code: unknown = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : undefined;
}
