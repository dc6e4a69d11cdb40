import type { NodeAPI } from 'node-red';

import { invalidInput } from '../../lib/core/errors';
import { givenText } from '../../lib/core/given';
import { hostOf, splitHost } from '../../lib/core/http/host';
import { parseBaseUrl } from '../../lib/core/http/url';
import { type AddressSetting, type Form, type Setting, settingsOf } from './form';
import { migrate } from './migrate';

/** Node-RED's editor sends this in place of a stored password. */
const STORED = '__PWRD__';

type Values = Readonly<Record<string, unknown>>;

interface StoredNode {
  config: Values;
  credentials: Values;
}

/**
 * What the flow file holds of a node, whether it runs or not: the editor shows that there is a password also where the node
 * or its tab is disabled, inside a subflow's definition, and while the flows are stopped.
 */
function storedNode(RED: NodeAPI, type: string, id: string): StoredNode | undefined {
  let config: Record<string, unknown> | undefined;
  try {
    RED.nodes.eachNode((node) => {
      if (node.id === id && node.type === type) config = { ...node };
    });
  } catch {
    // Node-RED has no flows as long as it could not read them.
    return undefined;
  }
  if (!config) return undefined;
  migrate(type, config);
  const credentials = RED.nodes.getCredentials(id) as Values | null | undefined;
  return { config, credentials: credentials ?? {} };
}

/** Whether a setting is one of those that say to whom a secret goes. */
function leadsSomewhere(one: Setting): boolean {
  if (one.kind === 'node') return one.of === 'tls-config' || one.of === 'http proxy';
  return one.kind === 'address' || (one.kind === 'text' && one.destination === true);
}

function addressOf({ default: usual, scheme, path = '' }: AddressSetting, value: unknown): string {
  const typed = givenText(value) || usual;
  if (typed === '') return '';
  const url = parseBaseUrl(typed, scheme ?? 'https');
  return path !== '' && url.endsWith(path) ? url.slice(0, -path.length) : url;
}

/** A host with or without a port, in one spelling. */
function hostIn(value: unknown): string {
  const typed = givenText(value);
  const parts = splitHost(typed);
  return parts ? `${hostOf(parts.host) ?? parts.host}:${parts.port ?? ''}` : typed;
}

/**
 * To whom the secrets of a node go: its address, TLS settings and proxy, each in one spelling.
 *
 * @returns `undefined` where there is no address
 * @throws DeviceError INVALID_INPUT for an address that is none
 */
function destination(form: Form, values: Values): string | undefined {
  const parts: string[] = [];
  for (const one of settingsOf(form).filter(leadsSomewhere)) {
    const value = values[one.name];
    if (one.kind === 'address') {
      const address = addressOf(one, value);
      if (address === '') return undefined;
      parts.push(address);
    } else if (one.kind === 'node') {
      const id = givenText(value);
      parts.push(id === '_ADD_' ? '' : id);
    } else parts.push(hostIn(value));
  }
  return JSON.stringify(parts);
}

/** What a dialog shows. */
interface DialogContent {
  settings: Values;
  /** its credentials; `__PWRD__` for a stored one */
  typed: Values;
  /** nothing is sent to anybody */
  isLocal: boolean;
}

/**
 * The credentials that a dialog means: as typed, or, where it only knows that there is one, the stored one. A stored secret
 * is used for the type that it was stored for, and sent to nobody but the one whom it was stored for.
 *
 * @param resolve gives an environment variable its value
 * @throws DeviceError INVALID_INPUT `secretElsewhere` when the dialog names another destination than the stored one
 */
export function credentialsOf(
  RED: NodeAPI,
  form: Form,
  id: string,
  { settings, typed, isLocal }: DialogContent,
  resolve: (value: unknown) => unknown,
): Record<string, string> {
  const names = Object.keys(typed);
  const asked = names.filter((name) => typed[name] === STORED);
  const stored = asked.length > 0 ? storedNode(RED, form.type, id) : undefined;
  let kept: Values | undefined;
  if (stored && asked.some((name) => stored.credentials[name])) {
    kept = isLocal ? stored.credentials : keptFor(form, settings, stored, resolve);
  }
  const credentials: Record<string, string> = {};
  for (const name of names) {
    const value = resolve(typed[name] === STORED ? kept?.[name] : typed[name]);
    if (typeof value === 'string') credentials[name] = value;
  }
  return credentials;
}

/**
 * The stored secrets, if they would go where they were stored for; none where the dialog names no address.
 *
 * @throws DeviceError INVALID_INPUT when the dialog names another destination, or an address that is none
 */
function keptFor(
  form: Form,
  shown: Values,
  { config, credentials }: StoredNode,
  resolve: (value: unknown) => unknown,
): Values {
  const wanted = destination(form, shown);
  if (wanted === undefined) return {};
  const values = Object.fromEntries(Object.entries(config).map(([name, value]) => [name, resolve(value)]));
  let known: string | undefined;
  try {
    known = destination(form, values);
  } catch {
    // One that was stored with no address that could be used goes nowhere.
  }
  if (known === wanted) return credentials;
  throw invalidInput(
    'The address, the TLS settings or the proxy differ from the stored ones. Enter the password, key or token again: ' +
      'a stored one is sent only to the address that it was stored with.',
    'secretElsewhere',
  );
}
