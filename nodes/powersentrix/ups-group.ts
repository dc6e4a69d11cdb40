import type { Node, NodeAPI } from 'node-red';

import { toDeviceError } from '../../lib/core/errors';
import { DeviceGroup, type GroupMember } from '../../lib/core/poll/group';
import { Turns } from '../../lib/core/poll/turns';
import type { CloudClient, CloudUps } from '../../lib/powersentrix/cloud-client';
import type { TakenPush } from '../../lib/powersentrix/missed-pushes';
import type { Push } from '../../lib/powersentrix/push';
import type { PushRegistry, Registration } from '../../lib/powersentrix/registry';
import type { UpsReading } from '../../lib/powersentrix/reading';
import type { StatusOptions } from '../../lib/powersentrix/status';
import { DEFAULT_LOW_BATTERY_MARGIN, DEFAULT_MAINS_HYSTERESIS } from '../../lib/powersentrix/supply';
import { Ups, type UpsListeners } from '../../lib/powersentrix/ups';
import { cloudWay, pushWay } from '../../lib/powersentrix/ways';
import { dutyOf } from '../shared/cluster';
import { groupLog, type GroupLog } from '../shared/group-log';
import type { ConfigTools } from '../shared/config-node';
import { listedGroup } from '../shared/listed-group';
import type { DeviceBlock } from '../shared/messages';
import { PolledDevice } from '../shared/polled-device';
import type { UpsGroup, UpsPart } from './parts';
import { PushTurns } from './push-turns';

/** UPSes of one account; each is asked by a request of its own. */
const MAX_OF_ACCOUNT = 500;
/** As many as the registry holds. */
const MAX_OF_RECEIVER = 500;
/** Requests to the portal at a time: each makes it ask a UPS. */
const AT_ONCE = 4;
/** ms between the first requests of two UPSes, on average, as long as the interval lasts */
const APART = 250;

/** How the UPSes of a group are read and understood. */
export interface GroupSettings {
  /** ms between two readings, or two pushes */
  interval: number;
  currentUnit: '10mA' | 'mA';
}

const statusOptions = (currentUnit: GroupSettings['currentUnit']): StatusOptions => ({
  currentUnit,
  mainsThreshold: null,
  mainsHysteresis: DEFAULT_MAINS_HYSTERESIS,
  lowBattery: null,
  lowBatteryMargin: DEFAULT_LOW_BATTERY_MARGIN,
});

interface Described {
  name: string | null;
  model: string | null;
  serialNumber: string | null;
}

function blockOf(id: string, ups: Ups, { name, model, serialNumber }: Described): DeviceBlock {
  const ident = ups.last?.status.ident;
  const serial = ident?.serialNumber ?? serialNumber;
  const firmware = ident?.mainFirmware;
  return {
    id,
    vendor: 'powersentrix',
    model: ident?.model ?? model ?? 'PWX-12-4422',
    name: name ?? serial ?? id,
    ...(serial ? { serialNumber: serial } : {}),
    ...(firmware ? { firmware } : {}),
  };
}

/** What a UPS of a group tells goes to its device, and its faults to the log. */
const listenersOf = (log: GroupLog, device: () => PolledDevice<UpsReading>): UpsListeners => ({
  onReading: (reading) => device().setData(reading),
  onLate: (error) => device().setError(error),
  onFault: (thrown) => log.error(toDeviceError(thrown).message),
});

/** All UPSes of an account: one list for all of them, and a few requests at a time. */
export function accountGroup(
  RED: NodeAPI,
  node: Node,
  tools: ConfigTools,
  client: CloudClient,
  { interval, currentUnit }: GroupSettings,
): UpsGroup<CloudUps> {
  const turns = new Turns(AT_ONCE);
  const names = groupLog(RED, node);
  let count = 1;

  const make = (id: string, entry: () => CloudUps): GroupMember<UpsPart> => {
    const log = names.of((): string => device.info().name);
    const ups: Ups = new Ups(
      cloudWay(() => client, id),
      { status: statusOptions(currentUnit) },
      listenersOf(log, (): PolledDevice<UpsReading> => device),
    );
    const device = new PolledDevice<UpsReading>(
      RED,
      log,
      {
        poll: {
          interval,
          spread: Math.min(interval, APART * count),
          errors: tools.errors,
          fetch: (signal) => turns.run(() => ups.read(signal), signal),
        },
        info: () => blockOf(id, ups, entry()),
      },
      node,
    );
    const close = (): void => {
      ups.close();
      void device.close();
    };
    return { part: { device, ups, cmm: entry().cmm, interval }, close };
  };
  return listedGroup<CloudUps, UpsPart>(RED, node, tools, {
    idOf: ({ id }) => id,
    make,
    most: MAX_OF_ACCOUNT,
    interval,
    fetch: (signal) => client.list({}, signal),
    lines: names,
    onList: (upses) => (count = upses.length),
  });
}

export interface ReceiverGroupSettings extends GroupSettings {
  /** where several instances take pushes: those of one UPS that came lately */
  missed?: (cmm: string) => Promise<readonly TakenPush[]>;
}

/** All UPSes that have registered with a receiver; each push of an unknown one adds it. */
export class ReceiverGroup {
  readonly group: UpsGroup<Registration>;
  private isFollowed = false;

  constructor(
    RED: NodeAPI,
    node: Node,
    registry: PushRegistry,
    { interval, currentUnit, missed }: ReceiverGroupSettings,
  ) {
    const names = groupLog(RED, node);
    const duty = dutyOf(RED, node);
    this.group = new DeviceGroup<Registration, UpsPart>({
      idOf: ({ cmm }) => cmm,
      most: MAX_OF_RECEIVER,
      make: (cmm, entry) => {
        const log = names.of((): string => device.info().name);
        const ups: Ups = new Ups(
          pushWay(cmm),
          {
            ...{ status: statusOptions(currentUnit), pushInterval: interval },
            ...(missed ? { missed: () => missed(cmm) } : {}),
          },
          {
            ...listenersOf(log, (): PolledDevice<UpsReading> => device),
            onLate: (error) => (turns ? turns.late(error) : device.setError(error)),
          },
        );
        const device = new PolledDevice<UpsReading>(
          RED,
          log,
          {
            poll: { interval: Infinity, fetch: (signal) => ups.read(signal) },
            info: () => {
              const { description, ...known } = entry();
              return blockOf(cmm, ups, { ...known, name: description ?? cmm });
            },
          },
          node,
        );
        const turns = duty && new PushTurns(duty, ups, device);
        const close = (): void => {
          turns?.end();
          ups.close();
          void device.close();
        };
        return { part: { device, ups, cmm, interval }, close };
      },
      start: (group) => {
        this.isFollowed = true;
        group.update(registry.all);
        return () => {
          this.isFollowed = false;
        };
      },
    });
  }

  /** Whether a node looks after this UPS because it looks after all. */
  has(cmm: string): boolean {
    return this.group.members.has(cmm);
  }

  /** Another instance has heard of a UPS. */
  add(registration: Registration): void {
    if (this.isFollowed) this.group.add(registration);
  }

  /** Hands on what a UPS has pushed. */
  take(push: Push, registration: Registration): void {
    if (this.isFollowed) this.group.add(registration)?.ups.take(push, registration);
  }
}
