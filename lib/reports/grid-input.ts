import { createHash } from 'node:crypto';

import { ownText } from '../core/own-text';
import { readTime } from '../core/time';
import { isRecord, toNumber, toSummable } from '../core/values';
import { takeReading } from '../energy/reading';
import type { Request } from './grid-event';

/** What a message tells of events of the grid. */

export interface Source {
  /** `msg.device.id`, bounded */
  id: string;
  name: string;
}

export type Fact = Source & { time: number } & (
    | { kind: 'power'; power: number; duration: number | null; own: boolean }
    | { kind: 'available'; available: boolean; reason: string }
    /** the grid's frequency has fallen, and a load is going to be shed */
    | { kind: 'trigger'; frequency: number | null }
    /** `seen`: it changed at this moment; else it was found like this */
    | { kind: 'relay'; on: boolean; frequencyEvent: boolean; seen: boolean }
    | ({ kind: 'signal'; signal: string; enabled: boolean; set: boolean } & Request)
    | { kind: 'mains'; lost: boolean; seen: boolean }
  );

const LONGEST = 100;
/** ms that a device's clock may be ahead of ours. */
const LONGEST_AHEAD = 86_400_000;
/** Facts of one message: a list of statuses of days. */
const MOST = 20_000;

/** A text of at most 100 characters, another one for each text. */
function bounded(text: string): string {
  return text.length <= LONGEST ? ownText(text) : createHash('sha256').update(text).digest('base64url');
}

/**
 * @param now epoch ms of arrival
 * @returns empty: the message tells nothing of this
 * @throws DeviceError INVALID_INPUT for a time that cannot be read
 */
export function factsOf(msg: Record<string, unknown>, zone: string, now: number): Fact[] {
  const device = isRecord(msg.device) ? msg.device : {};
  const entries: unknown[] = Array.isArray(msg.payload)
    ? (msg.payload as unknown[]).slice(0, MOST)
    : [msg.payload];
  return entries.flatMap((payload) => (isRecord(payload) ? factsOfOne(payload, device, msg, zone, now) : []));
}

function factsOfOne(
  payload: Record<string, unknown>,
  device: Record<string, unknown>,
  msg: Record<string, unknown>,
  zone: string,
  now: number,
): Fact[] {
  const { vendor } = device;
  const id = bounded(textOf(device.id) || textOf(payload.deviceId));
  const source: Source = { id, name: textOf(device.name).slice(0, LONGEST) || id };
  if (typeof payload.available === 'boolean') {
    const time = timeOf(payload.since, now);
    return [
      { ...source, time, kind: 'available', available: payload.available, reason: reasonOf(payload.reason) },
    ];
  }
  if (vendor === 'automate-green') return statusFacts(payload, source, now);
  if (vendor === 'powerflex' && typeof payload.enabled === 'boolean')
    return [signalFact(payload, source, msg, now)];
  if (vendor === 'powersentrix' && typeof payload.change === 'string')
    return mainsFacts(payload, source, now);
  return powerFacts(payload, source, zone, now);
}

function powerFacts(payload: Record<string, unknown>, source: Source, zone: string, now: number): Fact[] {
  const named = ['power', 'totalPower', 'averagePower', 'realTimeLoad'];
  if (named.every((name) => toSummable(payload[name]) === null)) return [];
  const { time, power = null, duration } = takeReading(payload, () => undefined, { zone }, now).reading;
  if (power === null) return [];
  return [{ ...source, time, kind: 'power', power, duration: duration ?? null, own: false }];
}

function statusFacts(status: Record<string, unknown>, source: Source, now: number): Fact[] {
  const time = timeOf(status.timestamp, now);
  const { type, reason, on, state } = status;
  const facts: Fact[] = [];
  if (typeof state === 'string' && state !== '') {
    facts.push({
      ...source,
      time,
      kind: 'available',
      available: state !== 'Unavailable',
      reason: state.slice(0, 40),
    });
  }
  const mean = toSummable(status.averagePower);
  const seconds = toSummable(status.duration);
  if (mean !== null && seconds !== null && seconds > 0) {
    facts.push({ ...source, time, kind: 'power', power: mean, duration: seconds * 1000, own: true });
  }
  if (type === 'trigger' && isFrequency(reason)) {
    facts.push({ ...source, time, kind: 'trigger', frequency: toNumber(status.frequency) });
  }
  if (typeof on === 'boolean') {
    const seen = type === 'relay';
    facts.push({ ...source, time, kind: 'relay', on, frequencyEvent: seen && isFrequency(reason), seen });
  }
  return facts;
}

const isFrequency = (reason: unknown): boolean => typeof reason === 'string' && /^ffr/i.test(reason);

function signalFact(
  signal: Record<string, unknown>,
  source: Source,
  msg: Record<string, unknown>,
  now: number,
): Fact {
  const limit = toSummable(signal.maxLoad);
  const unit = signal.maxLoadUnit === 'A' ? 'A' : signal.maxLoadUnit === 'kW' ? 'W' : null;
  return {
    ...source,
    // The vendor tells no time of it; somebody else may.
    time: timeOf(signal.timestamp, now),
    kind: 'signal',
    signal: bounded(textOf(signal.name)),
    enabled: signal.enabled === true,
    // A question is answered in the same form, and says only that it is so.
    set: msg.operation === 'set_external_signal' || msg.restored === true,
    direction: 'down',
    limit: limit === null || unit === null ? null : unit === 'W' ? limit * 1000 : limit,
    unit,
  };
}

function mainsFacts(event: Record<string, unknown>, source: Source, now: number): Fact[] {
  const { change, since } = event;
  if (change !== 'mainsLost' && change !== 'mainsRestored') return [];
  const seen = since !== 'unknown';
  return [
    { ...source, time: timeOf(event.timestamp, now), kind: 'mains', lost: change === 'mainsLost', seen },
  ];
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : '';
}

function reasonOf(value: unknown): string {
  const code = isRecord(value) ? value.code : value;
  return typeof code === 'string' && code !== '' ? code.slice(0, 40) : 'unknown';
}

/** The device's own time, unless its clock is out of its mind: nothing could end what begins years ahead. */
function timeOf(value: unknown, now: number): number {
  const time = readTime(value) ?? now;
  return time - now > LONGEST_AHEAD ? now : time;
}
