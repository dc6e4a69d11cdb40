import type { Request, Response } from 'express';
import type { Node, NodeAPI } from 'node-red';

import { toDeviceError } from '../../lib/core/errors';

/** Node-RED's editor sends this in place of a stored password. */
const STORED = '__PWRD__';

/** Every admin route of this package lies below this path. */
export const ADMIN_ROOT = '/energy-devices';

/** A dialog's values as the running node would see them. */
export interface DialogValues {
  settings: Readonly<Record<string, unknown>>;
  credentials: Readonly<Record<string, string>>;
}

type Answer = Record<string, unknown>;

/** `${NAME}` as a whole value is an environment variable, as in a deployed node. */
function resolveEnv(value: unknown): unknown {
  const name = typeof value === 'string' ? /^\$\{([^}]+)\}$/.exec(value)?.[1] : undefined;
  if (name === undefined) return value;
  return process.env[name] ?? '';
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

/**
 * Adds `POST /energy-devices/<type>/<id>/<action>`, for people who may edit. The handler's answer goes out as
 * `{ ok: true, … }`, its failure as `{ ok: false, code, reason, params, message }`, which the dialog translates.
 */
export function dialogAction(
  RED: NodeAPI,
  type: string,
  action: string,
  handle: (values: DialogValues, id: string) => Promise<Answer>,
): void {
  const path = `${ADMIN_ROOT}/${type}/:id/${action}`;
  RED.httpAdmin.post(path, RED.auth.needsPermission(`${type}.write`), (req: Request, res: Response) => {
    // A form of a foreign web page is sent without asking; JSON is not.
    if (!req.is('application/json')) {
      res.status(415).json({ ok: false, code: 'INVALID_INPUT' });
      return;
    }
    const id = String(req.params.id);
    const run = async (): Promise<Answer> => ({
      ok: true,
      ...(await handle(dialogValues(RED, type, id, req.body), id)),
    });
    void run()
      .catch((thrown: unknown): Answer => {
        const { code, reason, params, message } = toDeviceError(thrown);
        return { ok: false, code, reason, params, message };
      })
      .then((answer) => res.set('Cache-Control', 'no-store').json(answer));
  });
}

/** Adds `GET /energy-devices/<type>/<id>/<action>`, for people who may look. `undefined` is answered with 404. */
export function dialogQuery(
  RED: NodeAPI,
  type: string,
  action: string,
  handle: (id: string) => Answer | undefined,
): void {
  const path = `${ADMIN_ROOT}/${type}/:id/${action}`;
  RED.httpAdmin.get(path, RED.auth.needsPermission(`${type}.read`), (req: Request, res: Response) => {
    let answer: Answer | undefined;
    try {
      answer = handle(String(req.params.id));
    } catch (thrown) {
      const { code, message } = toDeviceError(thrown);
      res.status(500).json({ ok: false, code, message });
      return;
    }
    res.set('Cache-Control', 'no-store');
    if (answer) res.json(answer);
    else res.status(404).json({ ok: false, code: 'NOT_FOUND', reason: 'notDeployed' });
  });
}
