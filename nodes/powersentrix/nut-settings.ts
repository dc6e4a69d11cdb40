import { createSecureContext, type SecureContext } from 'node:tls';

import { type DeviceError, invalidInput } from '../../lib/core/errors';
import type { TlsOptions } from '../../lib/core/http/transport';
import { Fields, refusedPayload } from '../../lib/core/input';
import { isRecord } from '../../lib/core/values';
import { allowedHosts, bindAddress, upsNames } from '../../lib/nut/given';
import type { NutUser } from '../../lib/nut/hub';
import { readPorts } from '../../lib/outage/settings';
import type { NutUpsOptions } from '../../lib/powersentrix/nut-ups';
import type { ConfigReference } from '../shared/config-reference';
import type { SettingsOf } from '../shared/form';
import type { RunningSettings } from './nut-running';
import type { UpsPart } from './parts';
import type { form } from './ups-nut-server.form';

type Settings = SettingsOf<typeof form>;

/** ms between readings of a UPS whose config node is not there. */
const NO_INTERVAL = 60_000;
const SECOND = 1000;

/** A UPS of the node. */
export interface Offered {
  device: string;
  names: string[];
  reference: ConfigReference<UpsPart>;
}

function usersOf(settings: Settings): NutUser[] {
  const slots = [
    [settings.user1, settings.password1, settings.role1, settings.commands1],
    [settings.user2, settings.password2, settings.role2, settings.commands2],
    [settings.user3, settings.password3, settings.role3, settings.commands3],
    [settings.user4, settings.password4, settings.role4, settings.commands4],
    [settings.user5, settings.password5, settings.role5, settings.commands5],
    [settings.user6, settings.password6, settings.role6, settings.commands6],
  ] as const;
  const users = slots
    // An empty password would be everybody's.
    .filter(([name, password]) => name !== '' && password !== '')
    .map(([name, password, role, commands]) => ({
      name,
      password,
      role: role === 'none' ? null : role,
      commands,
    }));
  if (new Set(users.map(({ name }) => name)).size < users.length) {
    throw invalidInput('Two users have the same name.', 'nutUserTwice');
  }
  return users;
}

export function namesOf(settings: Settings): [device: string, names: string[]][] {
  const { device, device2, device3, names, names2, names3 } = settings;
  const pairs = [
    [device, names],
    [device2, names2],
    [device3, names3],
  ] as const;
  const chosen = pairs
    .filter(([id]) => id !== '')
    .map(([id, text]): [string, string[]] => [id, upsNames(text)]);
  const all = chosen.flatMap(([, own]) => own);
  const ids = chosen.map(([id]) => id);
  if (new Set(all).size < all.length || new Set(ids).size < ids.length) {
    throw invalidInput('Each UPS stands once, and each of its names too.', 'nutNameTwice');
  }
  return chosen;
}

/** How a UPS is shown to clients. */
export function optionsOf(settings: Settings, { names, reference }: Offered): NutUpsOptions {
  const { fullVoltage, capacity, batteryRule, lowAfter } = settings;
  const part = reference.offered;
  return {
    description: part?.device.info().name ?? names[0] ?? '',
    interval: part?.interval ?? NO_INTERVAL,
    lowAfter: lowAfter === null ? null : lowAfter * SECOND,
    rule: batteryRule,
    ports: readPorts(settings.commandPorts),
    estimate: fullVoltage === null ? null : { full: fullVoltage, empty: null, capacity },
  };
}

/**
 * What a client that asks for TLS is shown.
 *
 * @throws DeviceError INVALID_INPUT for settings without a certificate and its key, as those of a client are
 */
function serverTls(options: TlsOptions | undefined): SecureContext | undefined {
  if (!options) return undefined;
  const { cert, key, pfx, passphrase } = options;
  const wrong = (): DeviceError =>
    invalidInput('The TLS settings hold no certificate with its key, for a server.', 'nutCertificate');
  if (!pfx && !(cert && key)) throw wrong();
  try {
    return createSecureContext({ cert, key, pfx, passphrase });
  } catch {
    throw wrong();
  }
}

/**
 * What the server is to do.
 *
 * @param tls what the chosen TLS settings hold
 * @throws DeviceError INVALID_INPUT
 */
export function runningSettings(
  settings: Settings,
  offered: readonly Offered[],
  tls: TlsOptions | undefined,
): RunningSettings {
  const { fsdAfter, restoreAfter } = settings;
  return {
    address: { host: bindAddress(settings.host), port: settings.port },
    admits: allowedHosts(settings.hosts),
    tls: serverTls(tls),
    users: usersOf(settings),
    fsdAfter: fsdAfter === 0 ? null : fsdAfter * SECOND,
    restore: restoreAfter * SECOND,
    upses: offered.map((one) => ({
      device: one.device,
      names: one.names,
      options: optionsOf(settings, one),
    })),
  };
}

/** What a message orders. */
interface Order {
  fsd?: boolean;
  lowBattery?: boolean;
  ups?: string;
}

/** @throws DeviceError INVALID_INPUT */
export function orderIn(payload: unknown): Order {
  if (!isRecord(payload)) throw refusedPayload(payload, nothingOrdered());
  const fields = new Fields(payload, 'payload', ['fsd', 'lowBattery', 'ups']);
  const fsd = fields.optionalFlag('fsd');
  const lowBattery = fields.optionalFlag('lowBattery');
  if (fsd === undefined && lowBattery === undefined) throw nothingOrdered();
  const ups = fields.has('ups') ? fields.text('ups', /^[\w.-]{1,64}$/) : undefined;
  return {
    ...(fsd === undefined ? {} : { fsd }),
    ...(lowBattery === undefined ? {} : { lowBattery }),
    ...(ups === undefined ? {} : { ups }),
  };
}

const nothingOrdered = (): DeviceError =>
  invalidInput('The payload must hold fsd or lowBattery, true or false.', 'nutNothingOrdered');

/** Which UPS an order is for. @throws DeviceError INVALID_INPUT where it could be several */
export function orderedUps({ ups }: Order, offered: readonly Offered[]): Offered {
  const found =
    ups === undefined ? offered : offered.filter(({ names }) => names.includes(ups.toLowerCase()));
  const [one] = found;
  if (one && found.length === 1) return one;
  throw invalidInput(
    'The message must say which UPS it means: payload.ups, one of its names.',
    'nutWhichUps',
  );
}
