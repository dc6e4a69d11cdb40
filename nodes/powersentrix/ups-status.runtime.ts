import type { Node, NodeAPI, NodeDef } from 'node-red';

import { toDeviceError } from '../../lib/core/errors';
import type { UpsReading } from '../../lib/powersentrix/reading';
import type { Portal } from '../../lib/powersentrix/ways';
import { onClose } from '../shared/on-close';
import { type FlowMessage, plainCopy } from '../shared/messages';
import { createNode } from '../shared/migrate';
import type { NodeRuntime } from '../shared/node-runtime';
import { attachPolledNode, type PolledNode } from '../shared/polled-node';
import { readSettings } from '../shared/read-settings';
import { errorText, translate } from '../shared/text';
import { isOnBattery, upsOf } from './ups';
import { form } from './ups-status.form';
import { attachAllStatuses } from './ups-status-all';
import { filterOf, portalOf, wantsList } from './ups-search';

export function runtime(RED: NodeAPI): NodeRuntime {
  function UpsStatusNode(this: Node, config: NodeDef): void {
    createNode(RED, this, config);
    const { settings, problem } = readSettings(RED, this, form, config);
    if (problem) this.warn(errorText(RED, problem));
    if (settings.scope !== 'one') {
      attachAllStatuses(RED, this, settings, problem);
      return;
    }
    const { topic, raw: withRaw, masterData: withMasterData } = settings;
    const ups = upsOf(RED, this, settings.device, problem);
    const portalNow = (): Portal | undefined => ups.offered?.ups.way.portal;
    let shown: UpsReading | undefined;
    let closed = false;
    let complained = false;

    /** Without it the status is worth its message all the same, so a failure is told once and no more. */
    const refreshMasterData = async (): Promise<void> => {
      try {
        await portalNow()?.masterData.refresh();
        complained = false;
      } catch (thrown) {
        if (!complained && !closed) this.warn(errorText(RED, toDeviceError(thrown)));
        complained = true;
      }
    };

    const content = (reading: UpsReading, asked?: FlowMessage): Record<string, unknown> => {
      const { timestamp, status, raw } = reading;
      shown = reading;
      const basicInfo =
        withMasterData || asked?.basicInfo === true
          ? { basicInfo: portalNow()?.masterData.value ?? null }
          : {};
      const payload = { timestamp, name: ups.offered?.device.info().name ?? null, ...status, ...basicInfo };
      return withRaw ? { payload, raw } : { payload };
    };

    let waiting: Promise<void> | undefined;
    /** Once an hour a status waits for the master data that go with it; those that come meanwhile wait behind it. */
    const waitsForMasterData = (reading: UpsReading): boolean => {
      const portal = portalNow();
      if (!withMasterData || !portal || (!waiting && !portal.masterData.isDue)) return false;
      const turn = (waiting ?? refreshMasterData()).then(() => {
        if (!closed && shown !== reading) node.send(plainCopy(content(reading)));
        if (waiting === turn) waiting = undefined;
      });
      waiting = turn;
      return true;
    };

    const node: PolledNode = attachPolledNode<UpsReading>(RED, this, ups, {
      topic,
      content,
      prepare: async (msg, signal) => {
        const portal = portalNow();
        if (wantsList(msg)) return { payload: await portalOf(portal).list(filterOf(msg), signal) };
        if (msg.basicInfo === true) await portalOf(portal).masterData.refresh();
        else if (withMasterData && portal?.masterData.isDue) await refreshMasterData();
        return undefined;
      },
      statusText: ({ status }) => {
        const { powerSource, totalPower } = status;
        const source = translate(RED, `powerSource.${powerSource}`, {}, powerSource);
        return totalPower === null ? source : `${source}, ${Math.round(totalPower)} W`;
      },
      attention: isOnBattery,
      // A pushed status is what it was when somebody else asks for it again.
      admit: (reading) => reading !== shown && !waitsForMasterData(reading),
    });
    onClose(this, () => {
      closed = true;
      return Promise.resolve();
    });
  }

  return { create: UpsStatusNode };
}
