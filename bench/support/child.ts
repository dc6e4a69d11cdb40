import { fork, type ChildProcess } from 'node:child_process';

import { Peer } from './ipc';

/** A process of a bench other than Node-RED: a server, a load generator. */
export class Child {
  private constructor(
    private readonly child: ChildProcess,
    private readonly peer: Peer,
  ) {}

  /** @param script absolute path of a compiled file that calls `answerCalls` */
  static start(script: string, nodeArguments: string[] = []): Child {
    const child = fork(script, { execArgv: nodeArguments, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    return new Child(child, new Peer(child));
  }

  call: Peer['call'] = (method, argument) => this.peer.call(method, argument);

  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = new Promise((resolve) => this.child.once('exit', resolve));
    this.child.kill('SIGKILL');
    await ended;
  }
}
