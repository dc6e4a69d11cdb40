import type { Request, Response } from 'express';
import type { Node, NodeAPI } from 'node-red';

import { type Clock, systemClock } from '../../lib/core/clock';
import { withDeadline } from '../../lib/core/deadline';
import { toDeviceError } from '../../lib/core/errors';

/** ms within which a dialog is answered, whatever is asked on its behalf: a list of many pages, a login and two tries */
const ANSWER_WITHIN = 60_000;
const HEADERS = { 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff' };

export { admits } from './own-page';

/** Node-RED's editor sends this in place of a stored password. */
const STORED = '__PWRD__';

/** A dialog's values as the running node would see them. */
export interface DialogValues {
  settings: Readonly<Record<string, unknown>>;
  credentials: Readonly<Record<string, string>>;
}

type Answer = Record<string, unknown>;

/**
 * Does something with a dialog's values, for the node of this id.
 *
 * @param signal aborts when the time for an answer is over, or the browser has left
 */
export type DialogAction = (values: DialogValues, id: string, signal: AbortSignal) => Promise<Answer>;

/** Tells something about the node of this id; `undefined` when it is not there. */
export type DialogQuery = (id: string) => Answer | undefined;

const VARIABLE = /^\$(?:\{(\S{1,256})\}|\((\S{1,256})\))$/;

/** `${NAME}` or `$(NAME)` as a whole value is an environment variable, as in a deployed node. */
function resolveEnv(value: unknown): unknown {
  const [, braces, brackets] = typeof value === 'string' ? (VARIABLE.exec(value) ?? []) : [];
  const name = braces ?? brackets;
  // One that is not set stays as it stands there too: whoever reads the value says so.
  return name === undefined ? value : (process.env[name] ?? value);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Reads what a dialog sent: its values as typed, a stored password where the dialog only knows that there is one.
 * Works before the first deploy.
 */
export function dialogValues(RED: NodeAPI, type: string, id: string, body: unknown): DialogValues {
  const sent = isObject(body) ? body : {};
  const settings = Object.fromEntries(
    Object.entries(isObject(sent.settings) ? sent.settings : {}).map(([key, value]) => [
      key,
      resolveEnv(value),
    ]),
  );
  // A secret is handed to the type that it was stored for, and to no other.
  const own = (RED.nodes.getNode(id) as Node | null)?.type === type;
  const stored = own
    ? (RED.nodes.getCredentials(id) as Record<string, unknown> | null | undefined)
    : undefined;
  const credentials: Record<string, string> = {};
  for (const [key, typed] of Object.entries(isObject(sent.credentials) ? sent.credentials : {})) {
    const value = resolveEnv(typed === STORED ? stored?.[key] : typed);
    if (typeof value === 'string') credentials[key] = value;
  }
  return { settings, credentials };
}

/** The request's handler, by its name in the path. */
function handlerOf<T>(handlers: Readonly<Record<string, T>> | undefined, req: Request): T | undefined {
  const name = String(req.params.name);
  return handlers && Object.hasOwn(handlers, name) ? handlers[name] : undefined;
}

/**
 * Answers `POST /energy-devices/<type>/<id>/<name>`. What the handler gives goes out as `{ ok: true, … }`, its failure as
 * `{ ok: false, code, reason, params, message }`, which the dialog translates.
 */
export function answerAction(
  RED: NodeAPI,
  type: string,
  actions: Readonly<Record<string, DialogAction>> | undefined,
  req: Request,
  res: Response,
  clock: Clock = systemClock,
): void {
  const handle = handlerOf(actions, req);
  if (!handle) {
    res.status(404).json({ ok: false, code: 'NOT_FOUND' });
    return;
  }
  // A form of a foreign web page is sent without asking; JSON is not.
  if (!req.is('application/json')) {
    res.status(415).json({ ok: false, code: 'INVALID_INPUT' });
    return;
  }
  const id = String(req.params.id);
  const left = new AbortController();
  res.once('close', () => left.abort());
  const run = async (signal: AbortSignal): Promise<Answer> => ({
    ok: true,
    ...(await handle(dialogValues(RED, type, id, req.body), id, signal)),
  });
  void withDeadline(clock, ANSWER_WITHIN, left.signal, run)
    .catch((thrown: unknown): Answer => {
      const { code, reason, params, message } = toDeviceError(thrown);
      return { ok: false, code, reason, params, message };
    })
    .then((answer) => {
      // Nobody is there any more to be answered.
      if (!res.destroyed) res.set(HEADERS).json(answer);
    });
}

/** Answers `GET /energy-devices/<type>/<id>/<name>`; `undefined` with 404. */
export function answerQuery(
  queries: Readonly<Record<string, DialogQuery>> | undefined,
  req: Request,
  res: Response,
): void {
  const handle = handlerOf(queries, req);
  if (!handle) {
    res.status(404).json({ ok: false, code: 'NOT_FOUND' });
    return;
  }
  let answer: Answer | undefined;
  try {
    answer = handle(String(req.params.id));
  } catch (thrown) {
    const { code, reason, params, message } = toDeviceError(thrown);
    res.status(500).json({ ok: false, code, reason, params, message });
    return;
  }
  res.set(HEADERS);
  if (answer) res.json(answer);
  else res.status(404).json({ ok: false, code: 'NOT_FOUND', reason: 'notDeployed' });
}
