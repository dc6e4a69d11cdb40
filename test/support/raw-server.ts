import net, { type AddressInfo, type Socket } from 'node:net';

/** A server that answers each request by hand, for what an HTTP server would not let through. */
export interface RawServer {
  url: string;
  port: number;
  /** connections so far, and those that are open */
  connections: () => number;
  open: () => number;
  close: () => Promise<void>;
}

export interface RawRequest {
  /** the head as it came, with the blank line */
  head: string;
  socket: Socket;
  /** which connection it came on, and which request of that connection it is, both from 1 */
  connection: number;
  request: number;
}

/** @param response is called with each request when its head is complete; bodies are taken for no part of it */
export async function startRaw(response: (request: RawRequest) => void): Promise<RawServer> {
  let connections = 0;
  const sockets = new Set<Socket>();
  const server = net.createServer((socket) => {
    const connection = ++connections;
    let request = 0;
    let text = '';
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
      for (let end = text.indexOf('\r\n\r\n'); end >= 0; end = text.indexOf('\r\n\r\n')) {
        const head = text.slice(0, end + 4);
        text = text.slice(end + 4);
        const body = Number(/^content-length: (\d+)/im.exec(head)?.[1] ?? 0);
        text = text.slice(body);
        response({ head, socket, connection, request: ++request });
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    connections: () => connections,
    open: () => sockets.size,
    close: () => {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

/** An answer with a length, that keeps its connection. */
export function okay(body: string | Buffer, headers = ''): Buffer {
  const bytes = Buffer.from(body);
  const head = `HTTP/1.1 200 OK\r\nContent-Length: ${bytes.length}\r\n${headers}\r\n`;
  return Buffer.concat([Buffer.from(head), bytes]);
}
