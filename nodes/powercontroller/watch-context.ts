import type { Node, NodeAPI } from 'node-red';

import { type Clock, systemClock } from '../../lib/core/clock';
import { withDeadline } from '../../lib/core/command/deadline';
import { DeviceError, toDeviceError } from '../../lib/core/errors';
import { errorText } from '../shared/text';

/** Where the node context keeps what was sent. */
const MEMORY_KEY = 'powercontroller-watch';
/** ms after which a context store that does not answer is taken for one that fails */
const PATIENCE = 10_000;

type ContextNode = Pick<Node, 'context'>;
type Answer = (error: Error | null | undefined, value?: unknown) => void;

/**
 * What the node has sent, as its context has it.
 *
 * @throws DeviceError UNREACHABLE: to go on without the memory would send again what was sent, and overwrite it; CANCELLED
 */
export function recall(node: ContextNode, signal: AbortSignal, clock: Clock = systemClock): Promise<unknown> {
  return answered('read', (answer) => node.context().get(MEMORY_KEY, answer), signal, clock);
}

/** Keeps what the node has sent. A store that fails, or does not answer, costs the memory and nothing else. */
export async function keep(
  RED: NodeAPI,
  node: ContextNode & Pick<Node, 'warn'>,
  value: unknown,
  signal: AbortSignal,
  clock: Clock = systemClock,
): Promise<void> {
  try {
    await answered('written', (answer) => node.context().set(MEMORY_KEY, value, answer), signal, clock);
  } catch (thrown) {
    if (!signal.aborted) node.warn(errorText(RED, toDeviceError(thrown)));
  }
}

/** Asks a store that may answer at once, later, by throwing or never. */
async function answered(
  done: 'read' | 'written',
  ask: (answer: Answer) => void,
  signal: AbortSignal,
  clock: Clock,
): Promise<unknown> {
  const work = (): Promise<unknown> =>
    new Promise((resolve, reject) => {
      ask((error, value) => {
        if (error) reject(error);
        else resolve(value);
      });
    });
  try {
    return await withDeadline(clock, PATIENCE, signal, work);
  } catch (thrown) {
    if (signal.aborted) throw thrown;
    throw contextFault(thrown, done);
  }
}

function contextFault(thrown: unknown, done: 'read' | 'written'): DeviceError {
  const words = (thrown instanceof Error ? thrown.message : String(thrown)).slice(0, 120);
  return new DeviceError('UNREACHABLE', `The node's context cannot be ${done}: ${words}`, {
    reason: done === 'read' ? 'powercontrollerContextUnreadable' : 'powercontrollerContextUnwritable',
    sent: false,
    params: { message: words },
  });
}
