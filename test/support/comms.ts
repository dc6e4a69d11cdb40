import { fixture } from './fixture';
import { Feed, type WaitOptions } from './feed';
import { openSocket, type Socket } from './find-node-red';

/** What a node shows below itself in the editor; all absent once it is cleared. */
export interface NodeStatus {
  text?: string;
  fill?: string;
  shape?: string;
}

/** One message of the debug sidebar. Objects arrive as text in `msg`, with `format` saying what they were. */
export interface DebugMessage {
  id: string;
  name?: string;
  topic?: string;
  property?: string;
  msg: unknown;
  format?: string;
}

/** One message of any topic on the editor's websocket. */
export interface CommsMessage {
  topic: string;
  data: unknown;
}

/**
 * The editor's websocket. Status and notification topics are retained by Node-RED, so those from before
 * the connection are seen too; a debug message from before it is lost.
 */
export class Comms {
  readonly messages = new Feed<CommsMessage>();
  readonly debug = new Feed<DebugMessage>();
  private readonly status = new Map<string, NodeStatus>();
  private readonly socket: Socket;

  private constructor(socket: Socket) {
    this.socket = socket;
  }

  /** Connects, authenticates where a token is given, and asks for the retained messages. */
  static async connect(runtimeUrl: string, token?: string): Promise<Comms> {
    const ca = runtimeUrl.startsWith('https:') ? fixture('tls/ca.pem') : undefined;
    const socket = openSocket(`${runtimeUrl.replace(/^http/, 'ws')}/comms`, ca);
    const comms = new Comms(socket);
    await new Promise<void>((resolve, reject) => {
      socket.on('error', reject);
      // Not the end of the waits: where the process has ended, the reason to give comes a moment later.
      socket.on('close', () => comms.messages.push({ topic: '(the websocket was closed)', data: null }));
      socket.on('open', () => {
        if (token === undefined) resolve();
        else socket.send(JSON.stringify({ auth: token }));
      });
      socket.on('message', (data) => {
        const received = JSON.parse(String(data)) as CommsMessage[] | { auth: string };
        if (Array.isArray(received)) received.forEach((message) => comms.receive(message));
        else if (received.auth === 'ok') resolve();
        else reject(new Error('the editor websocket refused the token'));
      });
    });
    for (const topic of ['status/#', 'notification/#']) socket.send(JSON.stringify({ subscribe: topic }));
    return comms;
  }

  /** The status a node shows at the moment. */
  statusOf(nodeId: string): NodeStatus | undefined {
    return this.status.get(nodeId);
  }

  /** Waits until a node shows a status that matches, also one that it shows already. */
  async waitForStatus(
    nodeId: string,
    matches: (status: NodeStatus) => boolean,
    options: WaitOptions = {},
  ): Promise<NodeStatus> {
    const current = this.status.get(nodeId);
    if (current && matches(current)) return current;
    const topic = `status/${nodeId}`;
    const message = await this.messages.waitFor(
      (one) => one.topic === topic && matches(one.data as NodeStatus),
      `matching status of ${nodeId}`,
      { ...options, from: this.messages.items.length },
    );
    return message.data as NodeStatus;
  }

  /** Ends the connection; whoever waits fails with `reason`. */
  close(reason: Error): void {
    this.messages.close(reason);
    this.debug.close(reason);
    this.socket.terminate();
  }

  private receive(message: CommsMessage): void {
    if (message.topic.startsWith('status/')) {
      this.status.set(message.topic.slice('status/'.length), message.data as NodeStatus);
    }
    if (message.topic === 'debug') this.debug.push(message.data as DebugMessage);
    this.messages.push(message);
  }
}
