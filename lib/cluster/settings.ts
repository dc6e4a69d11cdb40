import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';

import { invalidInput } from '../core/errors';
import { givenText, isGiven } from '../core/given';
import { cleanText } from '../core/redact';
import { isRecord, toNumber } from '../core/values';

const SPREADS = ['none', 'flow'] as const;
const WHEN_LOST = ['stop', 'read', 'alone'] as const;

export type Spread = (typeof SPREADS)[number];
export type WhenLost = (typeof WHEN_LOST)[number];

export interface ClusterSettings {
  /** of the engine, without a login */
  url: string;
  username: string | undefined;
  /** Asked for with each connection, so that a file may be renewed. */
  password: () => Promise<string | undefined>;
  /** of the cluster: several may share one engine */
  name: string;
  /** ms after which a silent member owns nothing any more */
  lease: number;
  spread: Spread;
  whenLost: WhenLost;
  /** how this member is shown */
  instance: string;
}

/** Names of the environment begin with it, and the first of them is it. */
const VARIABLE = 'ENERGY_DEVICES_CLUSTER';
/** s */
const LEAST_LEASE = 4;
export const LONGEST_LEASE = 600;
const DEFAULT_LEASE = 10;
/** bytes of a file with a password that are looked at */
const LONGEST_PASSWORD = 4096;

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * What `settings.js` and the environment say of a cluster; the environment wins, because containers set it.
 *
 * @param given `energyDevices.cluster` of Node-RED's settings; a text is its address
 * @returns `undefined`: there is none, as `isGiven` has it
 * @throws DeviceError INVALID_INPUT for one that is set up wrongly: it must not run as if there were none
 */
export function clusterSettings(given: unknown, environment: Environment): ClusterSettings | undefined {
  const own = isRecord(given) ? given : { url: given };
  const of = (name: string, variable: string): unknown => {
    const set = environment[variable === '' ? VARIABLE : `${VARIABLE}_${variable}`];
    return isGiven(set) ? set : own[name];
  };
  const url = givenText(of('url', ''));
  if (url === '') {
    if (!isGiven(given)) return undefined;
    throw wrong('url');
  }
  const address = addressOf(url);
  const name = givenText(of('name', 'NAME')) || 'node-red';
  if (!/^[\w.-]{1,64}$/.test(name)) throw wrong('name');
  const lease = of('takeover', 'TAKEOVER') ?? DEFAULT_LEASE;
  const seconds = toNumber(lease);
  if (seconds === null || seconds < LEAST_LEASE || seconds > LONGEST_LEASE) throw wrong('takeover');
  return {
    ...address,
    password: passwordOf(address.password, of('password', 'PASSWORD'), of('passwordFile', 'PASSWORD_FILE')),
    name,
    lease: seconds * 1000,
    spread: oneOf(SPREADS, of('spread', 'SPREAD') ?? 'none', 'spread'),
    whenLost: oneOf(WHEN_LOST, of('whenLost', 'LOST') ?? 'stop', 'whenLost'),
    instance: cleanText(givenText(of('instance', 'INSTANCE')), undefined, 60) || shownHost(),
  };
}

/** Not `HOSTNAME` of the environment: shells set that, services and many containers do not. */
function shownHost(): string {
  return cleanText(hostname(), undefined, 60) || 'node-red';
}

function addressOf(text: string): {
  url: string;
  username: string | undefined;
  password: string | undefined;
} {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw wrong('url');
  }
  if ((url.protocol !== 'redis:' && url.protocol !== 'rediss:') || url.hostname === '') throw wrong('url');
  let username: string | undefined;
  let password: string | undefined;
  try {
    username = decodeURIComponent(url.username) || undefined;
    password = decodeURIComponent(url.password) || undefined;
  } catch {
    throw wrong('url');
  }
  url.username = '';
  url.password = '';
  return { url: url.toString(), username, password };
}

function passwordOf(inUrl: string | undefined, given: unknown, file: unknown): ClusterSettings['password'] {
  const path = givenText(file);
  const set = typeof given === 'string' && given !== '' ? given : inUrl;
  if (path === '') return () => Promise.resolve(set);
  return async () => {
    let text: string;
    try {
      text = await readFile(path, 'utf8');
    } catch {
      throw invalidInput('The file with the password of the cluster cannot be read.', 'clusterPasswordFile');
    }
    return text.slice(0, LONGEST_PASSWORD).replace(/[\r\n]{1,2}$/, '') || undefined;
  };
}

function oneOf<T extends string>(list: readonly T[], value: unknown, setting: string): T {
  const found = list.find((one) => one === value);
  if (found === undefined) throw wrong(setting);
  return found;
}

/** It names the setting and not the value, which may hold a password. */
function wrong(setting: string) {
  return invalidInput(
    `The cluster cannot be used: its setting "${setting}" is missing or not valid.`,
    'clusterSettings',
    { setting },
  );
}
