import { setImmediate as nextTurn } from 'node:timers/promises';
import { once } from 'node:events';

import type { Request, Response } from 'express';
import type { NodeAPI } from 'node-red';

import { systemClock } from '../../lib/core/clock';
import { readTarget } from '../../lib/core/http/target';
import { secretCheck } from '../../lib/core/secret';
import { Tries } from '../../lib/core/tries';
import { behindMiddleware, type Handler, removeHandler } from '../shared/http-nodes';

export interface ScrapeRoute {
  /** below Node-RED's HTTP node root, see `parseNodePath` */
  path: string;
  /** `undefined`: nobody has to know one */
  password: string | undefined;
  /** the lines of this moment */
  lines: () => readonly string[];
  /** hears of what the user's own middleware threw */
  onMiddlewareError: (error: unknown) => void;
}

const TYPE = 'text/plain; version=0.0.4; charset=utf-8';
/** Answers at once: each holds all lines until its client has taken them. */
const MOST_AT_ONCE = 4;
/** ms in which a client takes its answer */
const PATIENCE = 30_000;
/** Lines that are put together without letting others work. */
const LINES_A_TURN = 1000;
/** Longest `Authorization` that is looked at. */
const LONGEST_LOGIN = 2048;

/**
 * Answers `GET <path>` with the values of this moment.
 *
 * @returns ends that
 */
export function addScrapeRoute(RED: NodeAPI, route: ScrapeRoute): () => void {
  const door = new Door(route);
  const respond = behindMiddleware(
    RED,
    (request, response) => void door.respond(request, response),
    (error, _request, response) => {
      route.onMiddlewareError(error);
      if (response.headersSent) response.destroy();
      else refuse(response, 500, 'refused');
    },
  );
  const handler: Handler = (request, response, next) => {
    if (readTarget(request.url).path === route.path) respond(request, response, next);
    else next();
  };
  RED.httpNode.use(handler);
  return () => {
    removeHandler(RED.httpNode, handler);
    door.close();
  };
}

class Door {
  private readonly isPassword: ((given: string) => boolean) | undefined;
  private readonly tries = new Tries(systemClock);
  private readonly open = new Set<Response>();

  constructor(private readonly route: ScrapeRoute) {
    const { password } = route;
    this.isPassword = password === undefined ? undefined : secretCheck(password);
  }

  close(): void {
    for (const response of this.open) response.destroy();
  }

  /** Nothing that goes wrong with an answer may end Node-RED, so this never rejects. */
  async respond(request: Request, response: Response): Promise<void> {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('Allow', 'GET, HEAD');
      refuse(response, 405, 'GET only');
      return;
    }
    if (!this.admits(request, response)) return;
    if (this.open.size >= MOST_AT_ONCE) {
      refuse(response, 503, 'too many at once');
      return;
    }
    this.open.add(response);
    const timer = setTimeout(() => response.destroy(), PATIENCE);
    try {
      response.writeHead(200, { 'Content-Type': TYPE, 'Cache-Control': 'no-store' });
      if (request.method === 'GET') await write(response, this.route.lines());
      response.end();
    } catch {
      response.destroy();
    } finally {
      clearTimeout(timer);
      this.open.delete(response);
    }
  }

  /** Whether whoever asks may have an answer; if not, it has been refused. */
  private admits(request: Request, response: Response): boolean {
    if (!this.isPassword) return true;
    // The host itself, not whom it says that it asks for: anybody can say that.
    const host = request.socket.remoteAddress ?? '';
    const given = givenPassword(request.headers.authorization);
    if (given !== undefined && !this.tries.admits(host)) {
      response.setHeader('Retry-After', '60');
      refuse(response, 429, 'too many wrong passwords');
      return false;
    }
    if (given !== undefined && this.isPassword(given)) return true;
    // Who gives none has not guessed.
    if (given !== undefined) this.tries.wrong(host);
    response.setHeader('WWW-Authenticate', 'Basic realm="metrics", charset="UTF-8"');
    refuse(response, 401, 'a password is needed');
    return false;
  }
}

/** The password of a login with any user name, or a bearer's token: Prometheus offers both. */
function givenPassword(header: string | undefined): string | undefined {
  if (header === undefined || header.length > LONGEST_LOGIN) return undefined;
  const [, scheme = '', value = ''] = /^(\w{1,10}) {1,3}(\S{1,2048})$/.exec(header) ?? [];
  if (scheme.toLowerCase() === 'bearer') return value;
  if (scheme.toLowerCase() !== 'basic') return undefined;
  const login = Buffer.from(value, 'base64').toString('utf8');
  return login.slice(login.indexOf(':') + 1);
}

function refuse(response: Response, status: number, message: string): void {
  const body = `${message}\n`;
  response.writeHead(status, {
    'Content-Type': 'text/plain; charset=utf-8',
    'Content-Length': Buffer.byteLength(body),
    'Cache-Control': 'no-store',
  });
  response.end(body);
}

/** Writes lines piece by piece, as fast as the client takes them, and lets others work in between. */
async function write(response: Response, lines: readonly string[]): Promise<void> {
  for (let at = 0; at < lines.length && !response.destroyed; at += LINES_A_TURN) {
    const taken = response.write(lines.slice(at, at + LINES_A_TURN).join(''));
    if (taken) await nextTurn();
    else await Promise.race([once(response, 'drain'), once(response, 'close')]);
  }
}
