import type { Node, NodeAPI } from 'node-red';

import type { FlowMessage, OutputMessage } from './messages';
import { nodeError } from './text';

export interface InputContext {
  /** aborts when the node closes */
  signal: AbortSignal;
  /** sends a message ahead of the result, for answers that come in parts */
  send: (part: NonNullable<InputResult>) => void;
}

/** What an input handler returns: one message for each output, or `null` for nothing. */
export type InputResult = OutputMessage | OutputMessage[];

/**
 * Runs a node's input: parse → validate → call → send → one `done`.
 *
 * The handler works on one message and either returns what is to be sent or throws; both end in exactly one `done`,
 * and no rejection can reach Node-RED, which would end the whole runtime.
 */
export function onInput(
  RED: NodeAPI,
  node: Node,
  handle: (msg: FlowMessage, context: InputContext) => Promise<InputResult>,
): void {
  const closing = new AbortController();

  node.on('input', (msg, send, done) => {
    const run = async (): Promise<void> => {
      let failure: Error | undefined;
      try {
        const result = await handle(msg, { signal: closing.signal, send });
        if (result !== null) send(result);
      } catch (thrown) {
        failure = nodeError(RED, node, thrown);
      }
      done(failure);
    };
    run().catch((error: unknown) => {
      // `done` itself threw: nothing is left to tell but the log.
      node.debug(`done: ${String(error)}`);
    });
  });

  onClose(node, () => {
    closing.abort();
    return Promise.resolve();
  });
}

/** Registers work for the node's end. Node-RED waits for it, and a failure there never blocks a deploy. */
export function onClose(node: Node, work: () => Promise<void>): void {
  node.on('close', (done: () => void) => {
    work()
      .catch((error: unknown) => node.debug(`close: ${String(error)}`))
      .finally(done);
  });
}
