import type { OutgoingHttpHeaders } from 'node:http';
import { parse as parseQuery } from 'node:querystring';

import type { NextFunction, Request, Response } from 'express';
import type { NodeAPI } from 'node-red';

import { BodyError, readBody } from '../../lib/core/http-body';
import { type SecretCheck, secretCheck } from '../../lib/core/secret';
import {
  checkSender,
  endpointOf,
  isJsonType,
  isRefusal,
  MAX_PUSH_BYTES,
  parseBody,
  parsePush,
  type Push,
  type PushKind,
  type Refusal,
} from '../../lib/powersentrix/push';

export interface PushRoutes {
  /** below Node-RED's HTTP node root, see `parseReceiverPath` */
  base: string;
  /** empty: none */
  secret: string;
  companyId: string;
  /** @param address where it came from */
  onPush: (push: Push, address: string) => void;
  onRefusal: (refusal: Refusal) => void;
}

type Handler = (request: Request, response: Response, next: NextFunction) => void;

interface Layer {
  name?: string;
  handle: unknown;
}

/** An express application's stack; Node-RED's own `http in` reaches for it too, since express removes no routes. */
function stackOf(app: unknown): Layer[] {
  // express 4 throws on `router`, express 5 has no `_router`.
  const router: unknown = Reflect.get(app as object, '_router') ?? Reflect.get(app as object, 'router');
  return (router as { stack: Layer[] }).stack;
}

function removeHandler(app: unknown, handler: Handler): void {
  const stack = stackOf(app);
  const index = stack.findIndex((layer) => layer.handle === handler);
  if (index >= 0) stack.splice(index, 1);
}

/** The application that Node-RED's own ones are mounted in; Node-RED's `http in` finds it in this way too. */
function rootOf(app: NodeAPI['httpNode']): NodeAPI['httpNode'] {
  const parent = Reflect.get(app, 'parent') as NodeAPI['httpNode'] | undefined;
  return parent ? rootOf(parent) : app;
}

/** Adds a handler in front of everything but express's own preparations. */
function addInFront(app: NodeAPI['httpNode'], handler: Handler): void {
  app.use(handler);
  const stack = stackOf(app);
  const layer = stack.pop();
  const own = stack.findIndex(({ name }) => name !== 'query' && name !== 'expressInit');
  if (layer) stack.splice(own < 0 ? stack.length : own, 0, layer);
}

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
  const { base, secret } = routes;
  const isSecret = secret === '' ? undefined : secretCheck(secret);
  const isCompany = secretCheck(routes.companyId);
  const kindOf = (path: string): PushKind | undefined => endpointOf(path, base, isSecret);

  const handler: Handler = (request, response, next) => {
    const kind = kindOf(request.path);
    if (kind === undefined) {
      next();
      return;
    }
    void respond(routes, isCompany, kind, request, response);
  };

  // Where the editor lives at the same root, its JSON parser runs before us, takes megabytes, and answers a broken body
  // with a stack trace. It leaves alone what is marked as read already.
  const { httpNodeRoot } = RED.settings as { httpNodeRoot?: string | false };
  const root = (typeof httpNodeRoot === 'string' ? httpNodeRoot : '/').replace(/\/+$/, '');
  const mark: Handler = (request, _response, next) => {
    const path = request.originalUrl.split('?', 1)[0] ?? '';
    const below = path.startsWith(`${root}/`) ? path.slice(root.length) : '';
    if (kindOf(below) !== undefined) Reflect.set(request, '_body', true);
    next();
  };

  const rootApp = rootOf(RED.httpNode);
  RED.httpNode.use(handler);
  addInFront(rootApp, mark);
  return () => {
    removeHandler(RED.httpNode, handler);
    removeHandler(rootApp, mark);
  };
}

/** Takes a push and answers it. Nothing that goes wrong with it may end Node-RED, so this never rejects. */
async function respond(
  routes: PushRoutes,
  isCompany: SecretCheck,
  kind: PushKind,
  request: Request,
  response: Response,
): Promise<void> {
  let outcome: Refusal | { cmm: string };
  try {
    outcome = await take(routes, isCompany, kind, request);
  } catch {
    outcome = { status: 500, message: 'internal error' };
  }
  // Somebody's middleware has run out of patience, and has answered.
  if (response.headersSent) return;
  try {
    if (isRefusal(outcome)) refuse(routes, outcome, request, response);
    // Not through express, which makes an ETag and looks at what the client has, for an answer nobody keeps.
    else response.writeHead(200, OK_HEADERS).end(OK);
  } catch {
    response.destroy();
  }
}

function refuse(routes: PushRoutes, refusal: Refusal, request: Request, response: Response): void {
  routes.onRefusal(refusal);
  request.resume();
  const { status, message } = refusal;
  const body = JSON.stringify({ message });
  response.writeHead(status, {
    ...headersOf(body),
    // Nobody waits for the rest of a body that is too long; a short one is read away, and the connection stays.
    ...(status === 413 ? { Connection: 'close' } : {}),
    ...(status === 405 ? { Allow: 'POST' } : {}),
  });
  response.end(body);
}

async function take(
  routes: PushRoutes,
  isCompany: SecretCheck,
  kind: PushKind,
  request: Request,
): Promise<Refusal | { cmm: string }> {
  if (request.method !== 'POST') return { status: 405, message: 'POST only' };
  // A question mark may stand in a value as it is, for instance in a description.
  const query = parseQuery(/\?(.*)$/s.exec(request.originalUrl)?.[1] ?? '');
  const sender = checkSender(query, isCompany);
  if (isRefusal(sender)) return sender;
  if (!isJsonType(request.headers['content-type']) || request.headers['content-encoding'] !== undefined) {
    return { status: 415, message: 'JSON only' };
  }
  const body = await bodyOf(request);
  if ('refusal' in body) return body.refusal;
  const push = parsePush(kind, sender.cmm, query, body.json);
  if (isRefusal(push)) return push;
  routes.onPush(push, plainAddress(request.socket.remoteAddress));
  return sender;
}

const TOO_LONG: Refusal = { status: 413, message: `more than ${MAX_PUSH_BYTES} bytes` };

async function bodyOf(request: Request): Promise<{ json: unknown } | { refusal: Refusal }> {
  if (request.readableEnded) return parsedBody(request);
  try {
    const json = parseBody(await readBody(request, MAX_PUSH_BYTES));
    return json === undefined ? { refusal: { status: 400, message: 'no JSON' } } : { json };
  } catch (error) {
    const tooLong = error instanceof BodyError && error.status === 413;
    return { refusal: tooLong ? TOO_LONG : { status: 400, message: 'incomplete' } };
  }
}

/** Some middleware of the user's has read the body before us. */
function parsedBody(request: Request): { json: unknown } | { refusal: Refusal } {
  const body: unknown = request.body;
  const length = Number(request.headers['content-length'] ?? JSON.stringify(body ?? null).length);
  if (length > MAX_PUSH_BYTES) return { refusal: TOO_LONG };
  const text = typeof body === 'string' ? Buffer.from(body) : Buffer.isBuffer(body) ? body : undefined;
  const json = text ? parseBody(text) : body;
  return json === undefined ? { refusal: { status: 400, message: 'no JSON' } } : { json };
}
