import http from 'node:http';
import net, { type AddressInfo } from 'node:net';

/** A forward proxy on loopback. */
export interface ForwardProxy {
  url: string;
  /** the targets that it was asked for, `host:port` */
  targets: string[];
  /** the logins that came with them */
  logins: (string | undefined)[];
  close: () => Promise<void>;
}

/**
 * Starts a proxy that makes connections (CONNECT).
 *
 * @param reply status in place of a connection; `null`: never answers
 */
export async function startProxy(reply: number | null = 200): Promise<ForwardProxy> {
  const targets: string[] = [];
  const logins: (string | undefined)[] = [];
  const open = new Set<net.Socket>();
  const keep = (socket: net.Socket): void => {
    open.add(socket);
    socket.on('error', () => undefined).on('close', () => open.delete(socket));
  };
  const server = http.createServer((_, response) => response.writeHead(405).end());
  server.on('connection', keep);
  server.on('connect', (request, socket: net.Socket, head) => {
    targets.push(request.url ?? '');
    logins.push(request.headers['proxy-authorization']);
    if (reply === null) return;
    if (reply !== 200) {
      socket.end(`HTTP/1.1 ${reply} No\r\n\r\n`);
      return;
    }
    const [, port] = /:(\d+)$/.exec(request.url ?? '') ?? [];
    // Whatever the name, the target is on this machine.
    const target = net.connect(Number(port), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      if (head.length > 0) target.write(head);
      target.pipe(socket).pipe(target);
    });
    keep(target);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    targets,
    logins,
    close: () => {
      for (const socket of open) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
