import type { Node, NodeAPI, NodeStatus } from 'node-red';

import { cleanText } from '../../lib/core/redact';
import { dutyOf } from './cluster';
import { faceOf } from './cluster-face';
import { onClose } from './on-close';
import { CATALOGUE_KEY, translate } from './text';

export { STATUS, statusOfAvailability, statusOfError } from './states';

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

export type SetStatus = (status: NodeStatus) => void;

/**
 * Sets a node's status: only when it differs, since every call goes to every open editor, and not once the node closes:
 * by then its successor, which has the same id, may show its own.
 *
 * @param ownerOnly where several instances share the work, the node does nothing but for the owner
 */
export function statusSetter(RED: NodeAPI, node: Node, ownerOnly = faceOf(node) !== undefined): SetStatus {
  let shown = '';
  let closed = false;
  onClose(node, () => {
    closed = true;
    return Promise.resolve();
  });
  const duty = dutyOf(RED, node);
  const set: SetStatus = (status) => {
    if (closed) return;
    const text = shownText(status.text ?? '');
    const key = `${status.fill} ${status.shape} ${text}`;
    if (key === shown) return;
    shown = key;
    show(RED, node, { ...status, text });
  };
  if (!duty) return set;
  // One that stands by says so, whatever happens to it, unless it could not work at all.
  let own: NodeStatus | undefined;
  const look = (): void => {
    const resting = ownerOnly ? duty.rest : duty.standby;
    const standby = own?.text === 'status.unconfigured' ? undefined : resting;
    const status = standby ?? own;
    if (status) set(status);
  };
  const unfollow = duty.follow(look);
  onClose(node, unfollow);
  look();
  return (status) => {
    own = status;
    look();
  };
}

/**
 * The editor translates a catalogue's key below the node itself, into its own language. Status nodes get the text as it
 * is, and so does the output for a subflow's status, which nobody translates: for those it is in words. Node-RED gives
 * one text to all; so the words go out first, and the editor alone is told the key afterwards.
 */
function show(RED: NodeAPI, node: Node, status: NodeStatus & { text: string }): void {
  const { text } = status;
  const words = CATALOGUE_KEY.test(text) ? translate(RED, text) : text;
  node.status({ ...status, text: words });
  if (words !== text) RED.events.emit('node-status', { id: node.id, status });
}
