import net from 'node:net';

import { responseCalls } from '../support/ipc';

/** Hosts that ask a NUT server for all variables, as fast as they are answered. */

export interface AskOptions {
  port: number;
  count: number;
  connections: number;
}

function ask({ port }: AskOptions, mayGoOn: () => boolean): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = net.connect({ port, host: '127.0.0.1' });
    let answered = 0;
    let received = '';
    const next = (): void => {
      if (mayGoOn()) socket.write('LIST VAR ups\n');
      else {
        socket.destroy();
        resolve(answered);
      }
    };
    socket.setEncoding('latin1');
    socket.on('connect', next);
    socket.on('error', reject);
    socket.on('data', (piece: string) => {
      received += piece;
      if (received.startsWith('ERR')) {
        reject(new Error(received));
        return;
      }
      if (!received.endsWith('END LIST VAR ups\n')) return;
      answered += received.startsWith('BEGIN LIST VAR ups\n') ? 1 : 0;
      received = '';
      next();
    });
  });
}

responseCalls({
  /** @returns how many were answered */
  ask: async (options: AskOptions): Promise<number> => {
    let begun = 0;
    const mayGoOn = (): boolean => begun++ < options.count;
    const each = await Promise.all(Array.from({ length: options.connections }, () => ask(options, mayGoOn)));
    return each.reduce((sum, one) => sum + one, 0);
  },
  /** what a server answers, line by line */
  lines: (port: number): Promise<string[]> =>
    new Promise((resolve, reject) => {
      const socket = net.connect({ port, host: '127.0.0.1' }, () => socket.write('LIST VAR ups\n'));
      let received = '';
      socket.setEncoding('latin1').on('error', reject);
      socket.on('data', (piece: string) => {
        received += piece;
        if (!received.endsWith('END LIST VAR ups\n') && !received.startsWith('ERR')) return;
        socket.destroy();
        resolve(received.trimEnd().split('\n'));
      });
    }),
});
process.on('disconnect', () => process.exit(1));
