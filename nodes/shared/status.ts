import type { Node, NodeStatus } from 'node-red';

import { type Availability, needsUser } from '../../lib/core/availability';
import type { DeviceError } from '../../lib/core/errors';
import { cleanText } from '../../lib/core/redact';
import { CATALOGUE_KEY } from './text';

/**
 * The one table of states. Texts are catalogue keys, which the editor shows in its own language; values such as
 * `228 W` are shown as they are.
 */
export const STATUS = {
  /** nothing has happened yet */
  waiting: (): NodeStatus => ({ fill: 'grey', shape: 'ring', text: 'status.waiting' }),
  /** a fresh value, or the last thing that succeeded */
  fresh: (text: string): NodeStatus => ({ fill: 'green', shape: 'dot', text }),
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

/** Longest text below a node. */
const LONGEST_TEXT = 100;
/** A catalogue key, or words, numbers and signs in which no translation finds anything to evaluate. */
const HARMLESS = /^[^$_{}[\]]*$/;

/**
 * A text that may be shown below a node, whoever made it. The editor translates what begins with a letter, and evaluates
 * what looks like an expression in it; a mark of no width in front keeps it from looking.
 */
function shownText(text: string): string {
  const clean = cleanText(text, undefined, LONGEST_TEXT);
  return HARMLESS.test(clean) || CATALOGUE_KEY.test(clean) ? clean : `\u200b${clean}`;
}

/** Sets a node's status only when it differs: every call goes to every open editor. */
export function statusSetter(node: Node): (status: NodeStatus) => void {
  let shown = '';
  return (status) => {
    const text = shownText(status.text ?? '');
    const key = `${status.fill} ${status.shape} ${text}`;
    if (key === shown) return;
    shown = key;
    node.status({ ...status, text });
  };
}
