import type { Request, Response } from 'express';
import type { NodeAPI } from 'node-red';

import { type Clock, systemClock } from '../../lib/core/clock';
import { withDeadline } from '../../lib/core/command/deadline';
import { toDeviceError } from '../../lib/core/errors';
import type { Form } from './form';
import { credentialsOf } from './stored-secrets';

/** ms within which a dialog is answered, whatever is asked on its behalf: a list of many pages, a login and two tries */
const RESPONSE_TIMEOUT = 60_000;
const HEADERS = { 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff' };

export { admits } from './own-page';

/** A dialog's values as the running node would see them. */
export interface DialogValues {
  settings: Readonly<Record<string, unknown>>;
  credentials: Readonly<Record<string, string>>;
}

type DialogResponse = Record<string, unknown>;

/**
 * Does something with a dialog's values, for the node of this id.
 *
 * @param signal aborts when the time for a response is over, or the browser has left
 */
export type DialogAction = (values: DialogValues, id: string, signal: AbortSignal) => Promise<DialogResponse>;

/** What a dialog's buttons do, by name. */
export interface DialogActions {
  /** for people who may edit */
  actions?: Readonly<Record<string, DialogAction>>;
  /** the same for what sends nothing to anybody: a stored secret may stand beside any address there */
  local?: Readonly<Record<string, DialogAction>>;
}

/** Tells something about the node of this id; `undefined` when it is not there. */
export type DialogQuery = (id: string) => DialogResponse | undefined;

const VARIABLE = /^\$(?:\{(\S{1,256})\}|\((\S{1,256})\))$/;

/** `${NAME}` or `$(NAME)` as a whole value is an environment variable, as in a deployed node. */
function resolveEnv(value: unknown): unknown {
  const [, braces, brackets] = typeof value === 'string' ? (VARIABLE.exec(value) ?? []) : [];
  const name = braces ?? brackets;
  // A variable that is not set stays as it is, as in a deployed node: the code that reads the value reports it.
  return name === undefined ? value : (process.env[name] ?? value);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Reads what a dialog sent: its values as typed, a stored password where the dialog only knows that there is one.
 * Works before the first deploy.
 *
 * @param isLocal nothing is sent to anybody
 * @throws DeviceError INVALID_INPUT, see `credentialsOf`
 */
export function dialogValues(
  RED: NodeAPI,
  form: Form,
  id: string,
  body: unknown,
  isLocal = false,
): DialogValues {
  const sent = isObject(body) ? body : {};
  const settings = Object.fromEntries(
    Object.entries(isObject(sent.settings) ? sent.settings : {}).map(([key, value]) => [
      key,
      resolveEnv(value),
    ]),
  );
  const typed = isObject(sent.credentials) ? sent.credentials : {};
  return { settings, credentials: credentialsOf(RED, form, id, { settings, typed, isLocal }, resolveEnv) };
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
export function runAction(
  RED: NodeAPI,
  form: Form,
  { actions, local }: DialogActions,
  req: Request,
  res: Response,
  clock: Clock = systemClock,
): void {
  const localHandle = handlerOf(local, req);
  const handle = localHandle ?? handlerOf(actions, req);
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
  const run = async (signal: AbortSignal): Promise<DialogResponse> => ({
    ok: true,
    ...(await handle(dialogValues(RED, form, id, req.body, localHandle !== undefined), id, signal)),
  });
  void withDeadline(clock, RESPONSE_TIMEOUT, left.signal, run)
    .catch((thrown: unknown): DialogResponse => {
      const { code, reason, params, message } = toDeviceError(thrown);
      return { ok: false, code, reason, params, message };
    })
    .then((response) => {
      // The browser has left, so there is no one to answer.
      if (!res.destroyed) res.set(HEADERS).json(response);
    });
}

/** Answers `GET /energy-devices/<type>/<id>/<name>`; `undefined` with 404. */
export function runQuery(
  queries: Readonly<Record<string, DialogQuery>> | undefined,
  req: Request,
  res: Response,
): void {
  const handle = handlerOf(queries, req);
  if (!handle) {
    res.status(404).json({ ok: false, code: 'NOT_FOUND' });
    return;
  }
  let response: DialogResponse | undefined;
  try {
    response = handle(String(req.params.id));
  } catch (thrown) {
    const { code, reason, params, message } = toDeviceError(thrown);
    res.status(500).json({ ok: false, code, reason, params, message });
    return;
  }
  res.set(HEADERS);
  if (response) res.json(response);
  else res.status(404).json({ ok: false, code: 'NOT_FOUND', reason: 'notDeployed' });
}
