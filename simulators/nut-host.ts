import { connect, type Socket } from 'node:net';

export interface NutHostOptions {
  /** where the server listens */
  port: number;
  host?: string;
  user: string;
  password: string;
  ups?: string;
  /** real ms between two looks at the status; default 1000 */
  interval?: number;
  /** real ms from its farewell until it is down; default 5000 */
  shutdownTime?: number;
  /** told of each state */
  onState?: (state: HostState) => void;
}

/** `away`: it reaches no server, and runs */
export type HostState = 'away' | 'up' | 'goingDown' | 'down';

/**
 * A host behind a UPS, with a client of Network UPS Tools: it logs in, asks for the status, says farewell when it has to go
 * down, and is down a while later. It stays down until `boot`.
 */
export class NutHost {
  state: HostState = 'away';
  private socket: Socket | undefined;
  private timer: NodeJS.Timeout | undefined;
  private isClosed = false;

  constructor(private readonly options: NutHostOptions) {
    this.connect();
  }

  /** Somebody presses its button. */
  boot(): void {
    if (this.state !== 'down' || this.isClosed) return;
    this.show('away');
    this.connect();
  }

  close(): void {
    this.isClosed = true;
    clearTimeout(this.timer);
    this.socket?.destroy();
  }

  private show(state: HostState): void {
    if (state === this.state) return;
    this.state = state;
    this.options.onState?.(state);
  }

  private after(ms: number, work: () => void): void {
    clearTimeout(this.timer);
    if (!this.isClosed) this.timer = setTimeout(work, ms);
  }

  private connect(): void {
    const { port, host = '127.0.0.1', user, password, ups = 'ups', interval = 1000 } = this.options;
    const socket = connect({ port, host });
    this.socket = socket;
    let rest = '';
    const ask = (): void => {
      socket.write(`GET VAR ${ups} ups.status\n`);
      this.after(interval, ask);
    };
    socket.setEncoding('latin1');
    socket.on('connect', () => {
      socket.write(`USERNAME ${user}\nPASSWORD ${password}\nLOGIN ${ups}\n`);
      this.show('up');
      ask();
    });
    socket.on('data', (data: string) => {
      const lines = (rest + data).split('\n');
      rest = lines.pop() ?? '';
      if (lines.some((line) => /^VAR \S+ ups\.status ".*\b(?:FSD|OB LB)\b/.test(line))) this.goDown(socket);
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      if (this.state === 'goingDown' || this.state === 'down') return;
      this.show('away');
      this.after(interval, () => this.connect());
    });
  }

  private goDown(socket: Socket): void {
    if (this.state !== 'up') return;
    socket.end('LOGOUT\n');
    this.show('goingDown');
    this.after(this.options.shutdownTime ?? 5000, () => this.show('down'));
  }
}
