import { invalidInput } from '../../core/errors';
import { givenText } from '../../core/given';
import { hostOf, portOf, splitHost } from '../../core/http/host';
import { DEEPEST, withoutFraming } from '../../core/json/parse';
import { isRecord, toNumber } from '../../core/values';
import { faultInJson } from '../../core/json/untrusted';
import { UCM_CHANNEL } from './ucm';

/** The part of a configuration that may be shown. */
export interface ShownConfig {
  host: string;
  port: number;
  protocol: 'MQTT' | 'MQTTS';
  hardwareId: string;
  channelId: string;
}

/** How a standalone device reaches its broker. Holds secrets: never to be shown as a whole. */
export type ConnectionConfig = Omit<ShownConfig, 'protocol'> & {
  /** an older configuration: whoever has it speaks for the channel of its communication module too */
  ucm?: boolean;
} & (
    | { protocol: 'MQTT'; login: { username: string; password: string } }
    /** each PEM */
    | { protocol: 'MQTTS'; tls: { ca: string; cert: string; key: string } }
  );

/** Both ids become levels of a topic. */
const TOPIC_LEVEL = /^[A-Za-z0-9_.:-]{1,128}$/;

/** Characters of the longest text that is looked at: a chain of certificates has some thousand. */
const LONGEST_PASTED = 128 * 1024;

function lacks(field: string): Error {
  return invalidInput(
    `The configuration lacks a usable ${field}. Paste the whole answer of "generate configuration".`,
    'enapterConfigLacks',
    { field },
  );
}

function parseText(text: string): unknown {
  const tries = [text, Buffer.from(text, 'base64').toString('utf8')];
  for (const candidate of tries) {
    try {
      const parsed = JSON.parse(withoutFraming(candidate)) as unknown;
      return faultInJson(parsed, { depth: DEEPEST }) === undefined ? parsed : undefined;
    } catch {
      // It may be the other form.
    }
  }
  return undefined;
}

/** PEM as it comes out of a JSON text that was escaped twice, or lost its last line break. */
function pem(value: unknown, field: string): string {
  const text =
    typeof value === 'string'
      ? value.replaceAll('\\r', '').replaceAll('\\n', '\n').replaceAll('\r', '').trim()
      : '';
  if (!text.startsWith('-----BEGIN ') || !text.endsWith('-----') || !text.includes('\n-----END ')) {
    throw lacks(field);
  }
  return `${text}\n`;
}

function level(value: unknown, field: string): string {
  const text = typeof value === 'string' ? value.trim() : '';
  if (!TOPIC_LEVEL.test(text)) throw lacks(field);
  return text;
}

function text(value: unknown, field: string): string {
  if (typeof value !== 'string' || value === '') throw lacks(field);
  return value;
}

function brokerPort(value: unknown): number {
  const port = toNumber(value);
  if (port === null || !Number.isInteger(port) || port < 1 || port > 65_535) throw lacks('mqtt_port');
  return port;
}

/** @throws DeviceError INVALID_INPUT, also for a number that is no IPv4 as people write it */
function brokerHost(value: unknown): string {
  const parts = splitHost(givenText(value));
  const host = parts && hostOf(parts.host);
  if (host === undefined || parts?.port !== undefined) throw lacks('mqtt_host');
  return host;
}

/**
 * Reads a configuration as people paste it: the `config` object of a generated configuration, the whole response
 * around it, either of them in base64, or the older form with `ucm_id`.
 *
 * Whether TLS is used is decided by `mqtt_protocol` alone, never by the port.
 *
 * @throws DeviceError INVALID_INPUT; the text names the field and never quotes the configuration
 */
export function parseConnectionConfig(pasted: unknown): ConnectionConfig {
  const typed = givenText(pasted);
  if (typed === '') {
    throw invalidInput('There is no configuration yet: paste or generate one.', 'enapterConfigEmpty');
  }
  const parsed = typed.length <= LONGEST_PASTED ? parseText(typed) : undefined;
  const outer = isRecord(parsed) && isRecord(parsed.config) ? parsed.config : parsed;
  if (!isRecord(outer)) {
    throw invalidInput(
      'The configuration is neither JSON nor base64 of JSON. Was it copied as a whole?',
      'enapterConfigUnreadable',
    );
  }
  const head = { host: brokerHost(outer.mqtt_host), port: brokerPort(outer.mqtt_port) };
  const channelId = level(outer.channel_id, 'channel_id');
  if (outer.mqtt_protocol === undefined && outer.ucm_id !== undefined) {
    const { mqtt_ca, mqtt_cert, mqtt_private_key, ucm_id } = outer;
    const tls = {
      ca: pem(mqtt_ca, 'mqtt_ca'),
      cert: pem(mqtt_cert, 'mqtt_cert'),
      key: pem(mqtt_private_key, 'mqtt_private_key'),
    };
    const ucm = channelId === UCM_CHANNEL ? {} : { ucm: true };
    return { ...head, ...ucm, protocol: 'MQTTS', hardwareId: level(ucm_id, 'ucm_id'), channelId, tls };
  }
  const hardwareId = level(outer.hardware_id, 'hardware_id');
  const given = isRecord(outer.mqtt_credentials) ? outer.mqtt_credentials : {};
  if (outer.mqtt_protocol === 'MQTT') {
    const login = { username: text(given.username, 'username'), password: text(given.password, 'password') };
    return { ...head, protocol: 'MQTT', hardwareId, channelId, login };
  }
  if (outer.mqtt_protocol !== 'MQTTS') throw lacks('mqtt_protocol');
  const tls = {
    ca: pem(given.ca_chain, 'ca_chain'),
    cert: pem(given.certificate, 'certificate'),
    key: pem(given.private_key, 'private_key'),
  };
  return { ...head, protocol: 'MQTTS', hardwareId, channelId, tls };
}

function notHost(): Error {
  return invalidInput('The host must be a name or an IP, with or without a port.', 'enapterHost');
}

/**
 * Puts another host in place of the configured one, for names that cannot be resolved.
 *
 * @param override empty, a host, `host:port`, an IPv6 address or `[IPv6]:port`
 */
export function withHost(config: ConnectionConfig, override: string): ConnectionConfig {
  const typed = givenText(override);
  if (typed === '') return config;
  const parts = splitHost(typed);
  const host = parts && hostOf(parts.host);
  const port = parts?.port === undefined ? config.port : Number(portOf(parts.port));
  if (host === undefined || Number.isNaN(port)) {
    throw notHost();
  }
  return { ...config, host, port };
}

export function shownConfig({ host, port, protocol, hardwareId, channelId }: ConnectionConfig): ShownConfig {
  return { host, port, protocol, hardwareId, channelId };
}
