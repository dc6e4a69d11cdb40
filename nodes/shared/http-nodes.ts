import type { ErrorRequestHandler, NextFunction, Request, RequestHandler, Response } from 'express';
import type { NodeAPI } from 'node-red';

/** How a node takes its place among Node-RED's own HTTP nodes. Where express offers no way, `http in` reaches for the same inner parts. */

export type Handler = (request: Request, response: Response, next: NextFunction) => void;
type App = NodeAPI['httpNode'];

interface Layer {
  name?: string;
  handle: unknown;
  route?: Route;
}

interface Route {
  methods: Record<string, boolean>;
  stack: Layer[];
  all: (...handlers: unknown[]) => void;
  dispatch: Handler;
}

/** An express application's stack; express removes no routes. */
function stackOf(app: unknown): Layer[] {
  // express 4 throws on `router`, express 5 has no `_router`.
  const router: unknown = Reflect.get(app as object, '_router') ?? Reflect.get(app as object, 'router');
  return (router as { stack: Layer[] } | undefined)?.stack ?? [];
}

export function removeHandler(app: App, handler: Handler): void {
  const stack = stackOf(app);
  const index = stack.findIndex((layer) => layer.handle === handler);
  if (index >= 0) stack.splice(index, 1);
}

/** The application that Node-RED's own ones are mounted in. */
export function rootOf(app: App): App {
  const parent = Reflect.get(app, 'parent') as App | undefined;
  return parent ? rootOf(parent) : app;
}

/** Adds a handler in front of everything but express's own preparations. */
export function addInFront(app: App, handler: Handler): void {
  app.use(handler);
  const stack = stackOf(app);
  const layer = stack.pop();
  const own = stack.findIndex(({ name }) => name !== 'query' && name !== 'expressInit');
  if (layer) stack.splice(own < 0 ? stack.length : own, 0, layer);
}

/** The handler of the setting `httpNodeCors`, which core's `http in` has made for all preflights. */
function corsHandler(app: App): Handler[] {
  const made = stackOf(app)
    .filter(({ route }) => route?.methods.options)
    .flatMap(({ route }) => route?.stack ?? [])
    .find(({ handle }) => typeof handle === 'function' && handle.name === 'corsMiddleware');
  return made ? [made.handle as Handler] : [];
}

/** A UPS sends no cookies; middleware may look for some all the same, as `http in` has them parsed before it. */
const noCookies: Handler = (request, _response, next) => {
  request.cookies ??= {};
  request.signedCookies ??= {};
  next();
};

export interface HttpInSettings {
  httpNodeRoot?: string | false;
  httpNodeMiddleware?: RequestHandler | RequestHandler[];
  httpNodeCors?: unknown;
}

/**
 * What the user has put in front of each `http in`: the settings `httpNodeMiddleware` and `httpNodeCors`.
 *
 * @param last comes after it, unless it has answered
 * @param onError takes what it threw or passed on, and answers
 */
export function behindMiddleware(
  RED: NodeAPI,
  last: Handler,
  onError: (error: unknown, request: Request, response: Response) => void,
): Handler {
  const { httpNodeMiddleware, httpNodeCors } = RED.settings as HttpInSettings;
  const isMiddleware = typeof httpNodeMiddleware === 'function' || Array.isArray(httpNodeMiddleware);
  const before = [
    ...(isMiddleware ? [noCookies, httpNodeMiddleware] : []),
    ...(httpNodeCors ? corsHandler(RED.httpNode) : []),
  ];
  if (before.length === 0) return last;
  // A route of express's own runs them, taken out of the stack: which requests are its, the caller knows.
  const route = RED.httpNode.route('/') as unknown as Route;
  stackOf(RED.httpNode).pop();
  // Express knows a handler of errors by its four parameters.
  const failed: ErrorRequestHandler = (error: unknown, request, response, next) => {
    if (response.destroyed) next();
    else onError(error, request, response);
  };
  route.all(...before, last, failed);
  return (request, response, next) => route.dispatch(request, response, next);
}
