import type { NodeStatus } from 'node-red';

import type { DeviceError } from '../../lib/core/errors';
import { type Availability, needsUser } from '../../lib/core/poll/availability';

/**
 * The one table of states. Texts are catalogue keys, which the editor shows in its own language; values such as
 * `228 W` are shown as they are.
 */
export const STATUS = {
  /** nothing has happened yet */
  waiting: (): NodeStatus => ({ fill: 'grey', shape: 'ring', text: 'status.waiting' }),
  /** a fresh value, or the last thing that succeeded */
  fresh: (text: string): NodeStatus => ({ fill: 'green', shape: 'dot', text }),
  /** a fresh value that somebody should look at, such as a UPS that runs from its battery */
  attention: (text: string): NodeStatus => ({ fill: 'yellow', shape: 'dot', text }),
  /** a request or command is under way */
  busy: (text = 'status.busy'): NodeStatus => ({ fill: 'blue', shape: 'dot', text }),
  /** it may pass: a reading is tried again without anyone's help, a command is not */
  mayPass: (error: DeviceError): NodeStatus => ({
    fill: 'yellow',
    shape: 'ring',
    text: `status.${error.code}`,
  }),
  /** nothing gets better before the user does something */
  needsUser: (error: DeviceError): NodeStatus => ({
    fill: 'red',
    shape: 'ring',
    text: `status.${error.code}`,
  }),
  /** what the node offers to others cannot be had */
  failing: (text: string): NodeStatus => ({ fill: 'red', shape: 'ring', text }),
  /** the node has no usable configuration */
  unconfigured: (): NodeStatus => ({ fill: 'red', shape: 'ring', text: 'status.unconfigured' }),
} as const;

/** The state that an error puts a node into. */
export function statusOfError(error: DeviceError): NodeStatus {
  return needsUser(error) ? STATUS.needsUser(error) : STATUS.mayPass(error);
}

/** The state that an unavailable device puts a node into; `undefined` while it is available. */
export function statusOfAvailability(availability: Availability): NodeStatus | undefined {
  return availability.reason ? statusOfError(availability.reason) : undefined;
}
