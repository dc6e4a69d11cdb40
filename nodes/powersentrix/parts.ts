import type { DeviceGroup } from '../../lib/core/poll/group';
import type { CloudClient, CloudUps } from '../../lib/powersentrix/cloud-client';
import type { TakenPush } from '../../lib/powersentrix/missed-pushes';
import type { PushRegistry, Registration } from '../../lib/powersentrix/registry';
import type { UpsReading } from '../../lib/powersentrix/reading';
import type { PushHandler } from '../../lib/powersentrix/missed-pushes';
import type { Ups } from '../../lib/powersentrix/ups';
import type { PolledPart } from '../shared/polled-device';

/** What the config nodes of this vendor offer. */

/** What a UPS's config node offers. */
export interface UpsPart extends PolledPart<UpsReading> {
  ups: Ups;
  /** its identifier in pushes and logs, where the settings tell it */
  cmm: string | null;
  /** ms between its readings */
  interval: number;
}

/** A UPS whose config node is the group's. */
export type UpsGroup<E> = DeviceGroup<E, UpsPart>;

export const ACCOUNT_TYPE = 'powersentrix-account';

export interface AccountPart {
  client: CloudClient;
  /** all UPSes of the account */
  group: UpsGroup<CloudUps>;
}

export const RECEIVER_TYPE = 'ups-receiver';

export interface ReceiverPart {
  registry: PushRegistry;
  /** all UPSes that have registered */
  group: UpsGroup<Registration>;
  /** where several instances take pushes: those of one UPS that came lately, to any of them */
  missed: ((cmm: string) => Promise<readonly TakenPush[]>) | undefined;
  /** how many requests below its path were refused, by status */
  refused: Record<number, number>;
  /** Whether a device looks after this UPS. */
  isAssigned: (cmm: string) => boolean;
  /** Hands every push of one UPS on. @returns ends that */
  attach: (cmm: string, handler: PushHandler) => () => void;
}
