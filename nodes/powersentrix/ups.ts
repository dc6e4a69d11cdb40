import type { NodeAPI } from 'node-red';

import { type DeviceError, invalidInput } from '../../lib/core/errors';
import { REDACTED } from '../../lib/core/redact';
import { isRecord } from '../../lib/core/units';
import type { CloudUps } from '../../lib/powersentrix/cloud';
import type { ComplexObject } from '../../lib/powersentrix/complex';
import type { LogMemory, pullNewLogs } from '../../lib/powersentrix/log';
import type { MasterDataKeeper } from '../../lib/powersentrix/master-data';
import type { PortControl } from '../../lib/powersentrix/port-control';
import type { StatusReader, UpsStatus } from '../../lib/powersentrix/status';
import type { Zone } from '../../lib/powersentrix/zone';
import type { PolledConfigNode } from '../shared/polled-device';
import type { PushHandler } from './ups-receiver.runtime';

/** One status of a UPS, when it was read, and the vendor's body. */
export interface UpsReading {
  /** ISO 8601 UTC; the UPS itself tells no time with its status */
  timestamp: string;
  status: UpsStatus;
  raw: ComplexObject;
}

/** Names of what lets others push, read or switch; a firmware may write them in another way than the document. */
const SECRET_NAME = /^(?:company_?id(?:entifier)?|server_?url|api_?key|pass(?:word|wd)?|secret|token)$/i;
/** Where the server's address stands; as a mere text it is one. */
const SERVER_NAME = /^remote_?server$/i;

/** A value without the secrets in it; the same value when there are none. */
function redacted(value: unknown, name: string): unknown {
  if (isShort(name) && value !== null && (SECRET_NAME.test(name) || isServerText(name, value)))
    return REDACTED;
  if (Array.isArray(value)) return value.map((one: unknown) => redacted(one, ''));
  if (!isRecord(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, redacted(one, key)]));
}

const isShort = (name: string): boolean => name !== '' && name.length <= 32;
const isServerText = (name: string, value: unknown): boolean =>
  typeof value === 'string' && SERVER_NAME.test(name);

/**
 * The vendor's body without what lets others push: the company identifier, and the server's address, which may hold the
 * receiver's secret. Messages go into debug panes and files.
 */
const withoutSecrets = (raw: ComplexObject): ComplexObject => ({
  ...raw,
  config: redacted(raw.config, '') as ComplexObject['config'],
});

/** @param at epoch ms */
export function readingOf(raw: ComplexObject, reader: StatusReader, at: number): UpsReading {
  return {
    timestamp: new Date(at).toISOString(),
    status: reader.read(raw),
    raw: withoutSecrets(raw),
  };
}

/** What the flow nodes need of a UPS beside its readings. */
export interface UpsFunctions {
  /** which UPS this is: what is remembered of another one says nothing about it */
  identity: string;
  /** its identifier in pushes and logs, where it is known */
  cmm: () => string | null;
  /** the zone of its log: the one set, else the device's own */
  zone: () => Zone | undefined;
  /** Commands. @throws DeviceError why there can be none */
  control: () => PortControl;
  /** What it pushes, besides its status. @returns ends that */
  onPush: (handler: PushHandler) => () => void;
  /** New records of the cloud's log; `undefined` where the source has no log to be pulled. */
  pullLogs?: (memory: LogMemory, signal: AbortSignal) => ReturnType<typeof pullNewLogs>;
  /** `undefined` where the source is not the cloud */
  portal?: Portal;
}

/** What only the portal tells, not the UPS itself. */
export interface Portal {
  masterData: MasterDataKeeper;
  /** the UPSes that the account may see; an empty filter is none */
  list: (filter: UpsFilter, signal?: AbortSignal) => Promise<CloudUps[]>;
}

export interface UpsFilter {
  searchText?: string;
  searchType?: string;
}

export interface UpsNode extends PolledConfigNode<UpsReading> {
  ups: UpsFunctions;
}

export const DEVICE_TYPE = 'ups-device';

/** The UPS of a flow node; `undefined` when none is chosen, it is disabled or of another type. */
export function findUps(RED: NodeAPI, id: string | undefined): UpsNode | undefined {
  const found = id ? (RED.nodes.getNode(id) as UpsNode | null | undefined) : undefined;
  return found?.type === DEVICE_TYPE ? found : undefined;
}

/** The error of a node that has no UPS. */
export function noUps(): DeviceError {
  return invalidInput('No device is selected, or it is disabled.', 'noDevice');
}
