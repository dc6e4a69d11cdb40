import { isJsonObject, parseFault, type Faults } from './faults';
import type { SimHandler, SimReply } from './server';

/** A fault that only one kind of device has, e.g. a clock that stands still; false when it is not its kind. */
export type ApplyFault = (fault: Record<string, unknown>) => boolean;

/**
 * The control routes that every simulator has, for the inject buttons of a demo and for curl:
 *
 * - `POST /_sim/fault` `{"kind": "status", "status": 401, "times": 3}` makes the device fail,
 * - `POST /_sim/clear` makes it work again.
 *
 * `apply` is asked first for the device's own kinds; it throws an Error with a text for wrong values.
 */
export function controlRoutes(faults: Faults, apply: ApplyFault, clear: () => void): SimHandler {
  return (request): SimReply => {
    if (request.method !== 'POST') return { status: 404 };
    if (request.path === '/_sim/clear') {
      clear();
      return { json: { ok: true } };
    }
    if (request.path !== '/_sim/fault') return { status: 404 };
    // Any page a browser shows may post a form or a text to loopback, but not JSON.
    if (!request.headers['content-type']?.startsWith('application/json')) {
      return { status: 415, json: { error: 'Content-Type must be application/json' } };
    }
    try {
      const fault: unknown = JSON.parse(request.body);
      if (!isJsonObject(fault) || !apply(fault)) faults.add(parseFault(fault));
      return { json: { ok: true } };
    } catch (error) {
      return { status: 400, json: { error: error instanceof Error ? error.message : String(error) } };
    }
  };
}
