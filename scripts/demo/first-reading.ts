import type { SentMessage } from './node-red';

function watts(payload: unknown): string | undefined {
  if (typeof payload !== 'object' || payload === null || !('power' in payload)) return undefined;
  return typeof payload.power === 'number' ? `${payload.power} W` : undefined;
}

/** How to word a reading, by the type of the node it comes from. */
const READINGS: Readonly<Record<string, (payload: unknown) => string | undefined>> = {
  'poweropti-meter': watts,
};

/** One line for the console, e.g. `228 W from "Grid meter"`; undefined when the message is not a reading. */
export function describeReading({ type, name, output, payload }: SentMessage): string | undefined {
  const text = output === 0 ? READINGS[type]?.(payload) : undefined;
  return text === undefined ? undefined : `${text} from "${name || type}"`;
}
