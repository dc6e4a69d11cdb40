import type { ErrorRequestHandler, NextFunction, Request, RequestHandler, Response } from 'express';
import type { NodeAPI } from 'node-red';

/** How a node takes its place among Node-RED's own HTTP nodes. Where express offers no way, `http in` reaches for the same inner parts. */

export type Handler = (request: Request, response: Response, next: NextFunction) => void;
type App = NodeAPI['httpNode'];

interface Layer {
  name?: string;
  handle: unknown;
  route?: Route;
  match: (path: string) => boolean;
}

interface Route {
  methods: Record<string, boolean>;
  stack: Layer[];
  all: (...handlers: unknown[]) => void;
  dispatch: Handler;
}

/** An express application's stack; express removes no routes. */
function stackOf(app: unknown): Layer[] {
  const own: unknown = Reflect.get(app as object, '_router');
  // express 4 makes it with the first handler, and throws on `router`; express 5 has no `_router`.
  const later = own === undefined && 'lazyrouter' in (app as object);
  const router: unknown = own ?? (later ? undefined : Reflect.get(app as object, 'router'));
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
  const own = stackOf(app).findIndex(({ name }) => !isPreparation(name));
  addAt(app, own < 0 ? stackOf(app).length : own, handler);
}

const isPreparation = (name: string | undefined): boolean => name === 'query' || name === 'expressInit';

function addAt(app: App, place: number, handler: Handler): void {
  app.use(handler);
  const stack = stackOf(app);
  const layer = stack.pop();
  if (layer) stack.splice(place, 0, layer);
}

/** What Node-RED itself has for every request behind the parser of the editor's application. */
const EDITORS_OWN = new Set(['jsonParser', 'urlencodedParser', 'initialize', 'session', 'authenticate']);
const MOST_PATHS = 100;
/** The editor, its API and the routes of the nodes, which are applications of their own. */
const EDITORS_APPS = 3;

/**
 * Lets requests of ours pass by the editor's application, which lives at the same root by default: its parsers, its inner
 * applications and the routes of all node types would look at each of them, and that is more work than taking a push is.
 *
 * Whatever may be there to keep somebody out is asked all the same: `httpAdminMiddleware` stands in front of the parser, where
 * this begins; and where anything behind it that is not Node-RED's own takes the path, the request goes the whole way.
 *
 * @returns ends that
 */
export function passByEditor({ httpAdmin }: NodeAPI, isOurs: (request: Request) => boolean): () => void {
  const editor = editorOf(httpAdmin);
  // No editor, or one that we do not know.
  if (!editor) return () => undefined;
  // What nodes add stands in an application of its own.
  const ofNodes = (): Layer[] => (editor === httpAdmin ? [] : stackOf(httpAdmin));
  const stack = stackOf(editor);
  const behind = (): Layer[] => [...stack.slice(stack.findIndex(isParser)), ...ofNodes()];
  /** by path: a receiver has a handful of them, whoever spells them in more ways gets no more memory */
  const known = new Map<string, boolean>();
  let layers = 0;
  const isFree = (path: string): boolean => {
    const count = stack.length + ofNodes().length;
    if (count !== layers || known.size >= MOST_PATHS) known.clear();
    layers = count;
    const free = known.get(path) ?? !isTakenByOthers(behind(), path);
    known.set(path, free);
    return free;
  };
  const passBy: Handler = (request, _response, next) => {
    next(isOurs(request) && isFree(request.path) ? 'router' : undefined);
  };
  // Express's preparations are dear, and needed by those alone who come behind them.
  const parser = stack.findIndex(isParser);
  addAt(editor, stack.slice(0, parser).every(({ name }) => isPreparation(name)) ? 0 : parser, passBy);
  return () => removeHandler(editor, passBy);
}

const isParser = ({ name }: Layer): boolean => name === 'jsonParser';

/** The application of the editor: that of the nodes' routes, or one that it is mounted in. */
function editorOf(app: App | undefined): App | undefined {
  if (!app || stackOf(app).some(isParser)) return app;
  return editorOf(Reflect.get(app, 'parent') as App | undefined);
}

function isTakenByOthers(layers: readonly Layer[], path: string): boolean {
  let apps = 0;
  return layers.some((layer) => {
    const { name = '' } = layer;
    if (!layer.match(path) || isPreparation(name) || EDITORS_OWN.has(name)) return false;
    return name !== 'mounted_app' || ++apps > EDITORS_APPS;
  });
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
