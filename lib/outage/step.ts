/** How a step of a plan is told. It imports nothing, so that the dialog, which runs in the browser, can share it. */

/** What is waited for: before a port is cut, and after a message. */
export type Wait = 'none' | 'time' | 'hosts' | 'reply';

/** What a step would do, and when. */
export interface DryStep {
  /** as the table has it, from 1 */
  step: number;
  action: 'off' | 'message';
  port: number | null;
  text: string | null;
  /** s on battery, V, and whether a low battery makes it due; whichever comes first */
  after: number | null;
  below: number | null;
  low: boolean;
  wait: Wait;
  /** s; of `time` the wait itself, of `hosts` and `reply` its longest */
  seconds: number;
  hosts: readonly string[];
  /** cut last, because the plan needs it */
  needed: boolean;
  /** s after the loss of the mains, by time alone: when nothing is waited for, and when all waits last their longest */
  earliest: number | null;
  latest: number | null;
  /** what it would find now: the port is off already; `null`: not known, or no port */
  isOff: boolean | null;
}
