import type { Node, NodeAPI } from 'node-red';

import { type DeviceError, toDeviceError } from '../../lib/core/errors';
import type { UpsReading } from '../../lib/powersentrix/reading';
import type { SettingsOf } from '../shared/form';
import { attachGroupNode } from '../shared/group-node';
import { errorText, translate } from '../shared/text';
import { allUpsesOf, type ManyPart } from './ups';
import type { UpsPart } from './parts';
import { filterOf, portalOf, wantsList } from './ups-search';
import type { form } from './ups-status.form';

/** What is said below a node of the UPSes that are on battery; empty: none is. */
export function batteryRemark(RED: NodeAPI, parts: readonly UpsPart[]): string {
  const count = parts.filter(({ ups }) => ups.last?.status.powerSource === 'battery').length;
  return count === 0 ? '' : translate(RED, 'group.onBattery', { count });
}

/** The group among what an account or a receiver offers. */
export const upsesOf = ({ group }: ManyPart): ManyPart['group'] => group;

/** `ups-status` of all UPSes: each message is what a node of one UPS would send. */
export function attachAllStatuses(
  RED: NodeAPI,
  node: Node,
  settings: SettingsOf<typeof form>,
  problem: DeviceError | undefined,
): void {
  const { topic, raw: withRaw, masterData: withMasterData } = settings;
  const upses = allUpsesOf(RED, node, settings, problem);
  let complained = false;

  /** Once an hour for each; a status does not wait for it, as many would wait for each other. */
  const refreshMasterData = ({ ups }: UpsPart): void => {
    const { portal } = ups.way;
    if (!portal?.masterData.isDue) return;
    portal.masterData.refresh().then(
      () => {
        complained = false;
      },
      (thrown: unknown) => {
        if (!complained) node.warn(errorText(RED, toDeviceError(thrown)));
        complained = true;
      },
    );
  };

  attachGroupNode<UpsReading, UpsPart, ManyPart>(RED, node, upses, {
    groupOf: upsesOf,
    topic,
    takesMessages: true,
    content: (part, { timestamp, status, raw }, asked) => {
      if (withMasterData) refreshMasterData(part);
      const basicInfo =
        withMasterData || asked?.basicInfo === true
          ? { basicInfo: part.ups.way.portal?.masterData.value ?? null }
          : {};
      const payload = { timestamp, name: part.device.info().name, ...status, ...basicInfo };
      return withRaw ? { payload, raw } : { payload };
    },
    prepare: async (offered, msg, signal) => {
      if (!wantsList(msg)) return undefined;
      const lists = 'client' in offered ? offered.client : portalOf(undefined);
      return { payload: await lists.list(filterOf(msg), signal) };
    },
    remark: (parts) => batteryRemark(RED, parts),
  });
}
