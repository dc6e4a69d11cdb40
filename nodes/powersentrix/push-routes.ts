import type { OutgoingHttpHeaders } from 'node:http';

import type { Request, Response } from 'express';
import type { Node, NodeAPI } from 'node-red';

import { BodyError, type BodyLimits, BodyReader } from '../../lib/core/http/body';
import { isBelow, mountPath, readTarget } from '../../lib/core/http/target';
import { isRecord } from '../../lib/core/values';
import { type SecretCheck, secretCheck } from '../../lib/core/secret';
import {
  checkSender,
  isPlainCoding,
  isRefusal,
  MAX_PUSH_BYTES,
  parseBody,
  parsePush,
  type Push,
  type Refusal,
} from '../../lib/powersentrix/push';
import { DeviceError } from '../../lib/core/errors';
import { endpointOf, endsAsPush, parsePushQuery, type PushKind } from '../../lib/powersentrix/push-address';
import {
  addInFront,
  behindMiddleware,
  type Handler,
  passByEditor,
  removeHandler,
  rootOf,
} from '../shared/http-nodes';

export interface PushRoutes {
  /** the node that they are of */
  node: Node;
  /** below Node-RED's HTTP node root, see `parseNodePath` */
  base: string;
  /** empty: none */
  secret: string;
  companyId: string;
  /**
   * @param address where it came from
   * @param given what it was read from
   * @throws DeviceError when it cannot be taken now, and is to be sent again
   */
  onPush: (push: Push, address: string, given: GivenPush) => void | Promise<void>;
  /** hears the status of every response below `base` that is an error, whoever gave it */
  onRefusal: (status: number) => void;
  /** hears of what the user's own middleware threw */
  onMiddlewareError: (error: unknown) => void;
}

/** A push as it came, for others that read it again. */
export interface GivenPush {
  kind: PushKind;
  cmm: string;
  query: string;
  json: unknown;
}

/** A push that has been recognised, from the front of the server to its response. */
interface Arrival {
  kind: PushKind;
  query: string;
}

/** Of bodies that are read, and of those that are read and dropped. */
const LIMITS: BodyLimits = { bytes: MAX_PUSH_BYTES, ms: 20_000, atOnce: 100 };

const plainAddress = (address: string | undefined): string => (address ?? '').replace(/^::ffff:/, '');

function headersOf(body: string): OutgoingHttpHeaders {
  return {
    'Content-Type': 'application/json; charset=utf-8',
    'Content-Length': Buffer.byteLength(body),
    'Cache-Control': 'no-store',
  };
}

const OK = JSON.stringify({ responseMessage: 'OK' });
const OK_HEADERS = headersOf(OK);

/**
 * Adds the routes that a UPS pushes to.
 *
 * @returns removes them
 */
export function addPushRoutes(RED: NodeAPI, routes: PushRoutes): () => void {
  const isSecret = routes.secret === '' ? undefined : secretCheck(routes.secret);
  const base = `${mountPath(RED.httpNode.path())}${routes.base}`;
  const door = new Door(RED, routes);
  const arrivals = new WeakMap<Request, Arrival>();

  // In front of everything: where the editor lives at the same root, its JSON parser runs before us, takes megabytes, and
  // answers a broken body with a stack trace. It leaves alone what is marked as read already. And whatever stands between
  // here and us shall see the address in its one spelling.
  const recognise: Handler = (request, response, next) => {
    const { origin, path, query } = readTarget(request.url);
    if (isBelow(path, base)) {
      const kind = endpointOf(path, base, isSecret);
      if (kind !== undefined) {
        arrivals.set(request, { kind, query });
        // Express has noted the host already, and counts on it.
        request.url = `${origin}${path}${query === '' ? '' : `?${query}`}`;
      }
      if (kind !== undefined || endsAsPush(path)) Reflect.set(request, '_body', true);
      response.once('close', () => {
        if (response.statusCode >= 400) routes.onRefusal(response.statusCode);
      });
    }
    next();
  };

  const reply = behindMiddleware(
    RED,
    (request, response, next) => {
      const arrival = arrivals.get(request);
      if (arrival) void door.respond(arrival, request, response);
      else next();
    },
    (error, request, response) => door.middlewareFailed(error, request, response),
  );
  const handler: Handler = (request, response, next) => {
    if (!arrivals.has(request)) next();
    else if (request.method === 'POST') reply(request, response, next);
    else door.refuse({ status: 405, message: 'POST only' }, request, response);
  };

  const rootApp = rootOf(RED.httpNode);
  RED.httpNode.use(handler);
  addInFront(rootApp, recognise);
  const passNoMore = passByEditor(RED, (request) => arrivals.has(request));
  return () => {
    passNoMore();
    removeHandler(RED.httpNode, handler);
    removeHandler(rootApp, recognise);
  };
}

/** Takes pushes and answers them. */
class Door {
  private readonly isCompany: SecretCheck;
  private readonly reader = new BodyReader(LIMITS);
  /** A refused sender must not take the place of an accepted one. */
  private readonly unwanted = new BodyReader(LIMITS);
  /** Node-RED's metrics, as `http in` gives them; `undefined` while they are off */
  private readonly metrics: ((startedAt: bigint, bytes: number) => void) | undefined;

  constructor(
    RED: NodeAPI,
    private readonly routes: PushRoutes,
  ) {
    this.isCompany = secretCheck(routes.companyId);
    const { node } = routes;
    if (!node.metric()) return;
    this.metrics = (startedAt, bytes) => {
      const message = { _msgid: RED.util.generateId() };
      const ms = Number(process.hrtime.bigint() - startedAt) / 1e6;
      node.metric('response.time.millis', message, Number(ms.toFixed(3)));
      node.metric('response.content-length.bytes', message, bytes);
    };
  }

  /** Nothing that goes wrong with a push may end Node-RED, so this never rejects. */
  async respond(arrival: Arrival, request: Request, response: Response): Promise<void> {
    const startedAt = this.metrics ? process.hrtime.bigint() : 0n;
    let outcome: Refusal | undefined;
    try {
      outcome = await this.take(arrival, request);
    } catch {
      outcome = { status: 500, message: 'internal error' };
    }
    // Somebody's middleware has run out of patience, and has answered.
    if (response.headersSent) return;
    try {
      if (outcome) this.refuse(outcome, request, response);
      // Not through express, which makes an ETag and looks at what the client has, for a response nobody keeps.
      else response.writeHead(200, OK_HEADERS).end(OK);
      this.metrics?.(startedAt, outcome ? bodyOf(outcome).length : OK.length);
    } catch {
      response.destroy();
    }
  }

  refuse(refusal: Refusal, request: Request, response: Response): void {
    const { status } = refusal;
    const body = bodyOf(refusal);
    // Nobody waits for the rest of a body that is too long or too slow; a short one is read away, and the connection stays.
    const ends = status === 413 || status === 408 || status === 503 || !isShort(request);
    response.writeHead(status, {
      ...headersOf(body),
      ...(ends ? { Connection: 'close' } : {}),
      ...(status === 405 ? { Allow: 'POST' } : {}),
    });
    response.end(body);
    if (ends) request.resume();
    else this.unwanted.discard(request);
  }

  /** As `http in`: the log has the error, and the client has not. A status of its own, such as that of a body parser, is kept. */
  middlewareFailed(error: unknown, request: Request, response: Response): void {
    this.routes.onMiddlewareError(error);
    const own = isRecord(error) && typeof error.status === 'number' ? error.status : 0;
    const status = Number.isInteger(own) && own >= 400 && own < 500 ? own : 500;
    if (response.headersSent) response.destroy();
    else this.refuse({ status, message: 'refused' }, request, response);
  }

  /** @returns `undefined` when it was taken */
  private async take({ kind, query: text }: Arrival, request: Request): Promise<Refusal | undefined> {
    const query = parsePushQuery(text);
    const sender = checkSender(query, this.isCompany);
    if (isRefusal(sender)) return sender;
    if (!isPlainCoding(request.headers['content-encoding'])) return { status: 415, message: 'coded body' };
    let json: unknown;
    try {
      json = request.readableEnded ? parsedBody(request) : parseBody(await this.reader.read(request));
    } catch (error) {
      if (error instanceof BodyError) return refusalOf(error.status);
      throw error;
    }
    if (json === undefined) return { status: 400, message: 'no JSON, or nested too deep' };
    const push = parsePush(kind, sender.cmm, query, json);
    if (isRefusal(push)) return push;
    const given = { kind, cmm: sender.cmm, query: text, json };
    try {
      const taken = this.routes.onPush(push, plainAddress(request.socket.remoteAddress), given);
      if (taken) await taken;
    } catch (thrown) {
      if (thrown instanceof DeviceError) return { status: 503, message: 'try again' };
      throw thrown;
    }
    return undefined;
  }
}

const bodyOf = ({ message }: Refusal): string => JSON.stringify({ message });

const refusalOf = (status: BodyError['status']): Refusal => ({
  status,
  message: {
    400: 'incomplete',
    408: `not complete within ${LIMITS.ms / 1000} s`,
    413: `more than ${LIMITS.bytes} bytes`,
    503: 'too many at once',
  }[status],
});

/** Whether what may still come of a request is little. */
function isShort(request: Request): boolean {
  const length = request.headers['content-length'];
  const coded = request.headers['transfer-encoding'] !== undefined;
  return request.complete || (!coded && Number(length ?? 0) <= LIMITS.bytes);
}

/** Some middleware of the user's has read the body before us. @throws BodyError */
function parsedBody(request: Request): unknown {
  const body: unknown = request.body;
  const length = Number(request.headers['content-length'] ?? JSON.stringify(body ?? null).length);
  if (length > LIMITS.bytes) throw new BodyError(413);
  return typeof body === 'string' || Buffer.isBuffer(body) ? parseBody(body) : body;
}
