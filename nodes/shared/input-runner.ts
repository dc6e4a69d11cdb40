import type { Node, NodeAPI } from 'node-red';

import type { ErrorStream } from './error-stream';
import type { FlowMessage, OutputMessage } from './messages';
import { nodeError } from './text';

export interface InputContext {
  /** aborts when the node closes */
  signal: AbortSignal;
  /** sends a message ahead of the result, for answers that come in parts */
  send: (part: NonNullable<InputResult>) => void;
}

type Send = (message: NonNullable<InputResult>) => void;
type Done = (error?: Error) => void;

/** What an input handler returns: one message for each output, or `null` for nothing. */
export type InputResult = OutputMessage | OutputMessage[];

/**
 * Runs a node's input: parse → validate → call → send → one `done`.
 *
 * The handler works on one message and either returns what is to be sent, at once or by a promise, or throws; both end
 * in exactly one `done`, and no rejection can reach Node-RED, which would end the whole runtime.
 *
 * @param errors for a node whose messages come as a stream: keeps the log from repeating one failure at its pace
 */
export function onInput(
  RED: NodeAPI,
  node: Node,
  handle: (msg: FlowMessage, context: InputContext) => InputResult | Promise<InputResult>,
  errors?: ErrorStream,
): void {
  const closing = new AbortController();
  const { signal } = closing;
  /** Nothing is left to tell but the log. */
  const lost = (error: unknown): void => node.debug(`done: ${String(error)}`);
  const fail = (done: Done, thrown: unknown): void =>
    done(errors ? errors.failed(thrown) : nodeError(RED, node, thrown));
  const answer = (send: Send, done: Done, result: InputResult): void => {
    try {
      if (result !== null) send(result);
    } catch (thrown) {
      fail(done, thrown);
      return;
    }
    errors?.succeeded();
    done();
  };

  node.on('input', (msg, send, done) => {
    try {
      let result: InputResult | Promise<InputResult>;
      try {
        result = handle(msg, { signal, send });
      } catch (thrown) {
        fail(done, thrown);
        return;
      }
      // Promises cost more than many handlers' work: only who has to wait pays for one.
      if (result instanceof Promise) {
        const found = (given: InputResult): void => answer(send, done, given);
        result.then(found, (thrown: unknown) => fail(done, thrown)).catch(lost);
      } else {
        answer(send, done, result);
      }
    } catch (error) {
      lost(error);
    }
  });

  onClose(node, () => {
    closing.abort();
    return Promise.resolve();
  });
}

/**
 * Registers work for the node's end. Node-RED waits for it, and a failure there never blocks a deploy.
 *
 * @param work is told whether the node has been deleted, or only stopped
 */
export function onClose(node: Node, work: (removed: boolean) => Promise<void>): void {
  node.on('close', (removed: boolean, done: () => void) => {
    // What throws at once must not keep Node-RED waiting either.
    new Promise<void>((resolve) => resolve(work(removed)))
      .catch((error: unknown) => node.debug(`close: ${String(error)}`))
      .finally(done);
  });
}
