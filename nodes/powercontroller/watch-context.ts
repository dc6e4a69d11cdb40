import type { Node, NodeAPI } from 'node-red';

import { type Clock, systemClock } from '../../lib/core/clock';
import { DeviceError, toDeviceError } from '../../lib/core/errors';
import { askStore } from '../shared/context-store';
import { errorText } from '../shared/text';

/** Where the node context keeps what was sent. */
const MEMORY_KEY = 'powercontroller-watch';

type ContextNode = Pick<Node, 'context'>;

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

async function answered(
  done: 'read' | 'written',
  ask: Parameters<typeof askStore>[0],
  signal: AbortSignal,
  clock: Clock,
): Promise<unknown> {
  try {
    return await askStore(ask, signal, clock);
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
