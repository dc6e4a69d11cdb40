import type { ChildProcess, Serializable } from 'node:child_process';

/** Calls between a bench and its child processes, over Node's own channel. */

interface Request {
  bench: 'request';
  id: number;
  method: string;
  argument: Serializable | undefined;
}

interface Response {
  bench: 'response';
  id: number;
  result?: Serializable;
  error?: string;
}

type Handler = (argument: never) => unknown;

function isOf<T extends Request | Response>(message: unknown, kind: T['bench']): message is T {
  return typeof message === 'object' && message !== null && Reflect.get(message, 'bench') === kind;
}

/** In a child: answers calls of the parent by name. */
export function responseCalls(handlers: Readonly<Record<string, Handler>>): void {
  process.on('message', (message) => {
    if (!isOf<Request>(message, 'request')) return;
    const { id, method, argument } = message;
    const handler = handlers[method] as ((argument: unknown) => unknown) | undefined;
    if (!handler) return;
    const reply = (response: Omit<Response, 'bench' | 'id'>): void => {
      process.send?.({ bench: 'response', id, ...response } satisfies Response);
    };
    Promise.resolve()
      .then(() => handler(argument))
      .then(
        (result) => reply({ result: result as Serializable }),
        (error: unknown) => reply({ error: error instanceof Error ? (error.stack ?? '') : String(error) }),
      );
  });
}

/** In the parent: calls what a child answers. A call fails when the child ends before it has answered. */
export class Peer {
  private lastId = 0;
  private readonly open = new Map<
    number,
    { resolve: (value: unknown) => void; reject: (error: Error) => void }
  >();

  constructor(private readonly child: ChildProcess) {
    child.on('message', (message) => {
      if (!isOf<Response>(message, 'response')) return;
      const call = this.open.get(message.id);
      this.open.delete(message.id);
      if (message.error === undefined) call?.resolve(message.result);
      else call?.reject(new Error(message.error));
    });
    child.once('exit', (code) => {
      for (const { reject } of this.open.values()) reject(new Error(`the child ended with ${String(code)}`));
      this.open.clear();
    });
  }

  /** @param argument anything that JSON can carry */
  call<T>(method: string, argument?: Serializable): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const id = ++this.lastId;
      this.open.set(id, { resolve: resolve as (value: unknown) => void, reject });
      this.child.send({ bench: 'request', id, method, argument } satisfies Request, (error) => {
        if (!error) return;
        this.open.delete(id);
        reject(error);
      });
    });
  }
}
