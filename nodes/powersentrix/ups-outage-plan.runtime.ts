import type { Node, NodeAPI, NodeDef } from 'node-red';

import { type DeviceError, toDeviceError } from '../../lib/core/errors';
import { givenText } from '../../lib/core/given';
import { dryRun } from '../../lib/outage/dry-run';
import type { PlanSettings } from '../../lib/outage/settings';
import { readPorts, readSteps } from '../../lib/outage/settings';
import { toNumber } from '../../lib/core/values';
import type { DialogAction } from '../shared/admin';
import { diagnosticsQuery } from '../shared/diagnostics';
import { NOTHING, onInput } from '../shared/input-runner';
import { createNode } from '../shared/migrate';
import type { NodeRuntime } from '../shared/node-runtime';
import { readSettings } from '../shared/read-settings';
import { errorText } from '../shared/text';
import { OutageNode } from './outage-node';
import { planSettings } from './outage-settings';
import { upsOf } from './ups';
import { form } from './ups-outage-plan.form';

const TYPE = 'ups-outage-plan';

type PlanNode = Node & { outage?: OutageNode };

/** What the table would do, with the values of the open dialog. */
const dryRunAction: DialogAction = ({ settings }) =>
  new Promise((resolve) => {
    const plan = readSteps(settings.steps, readPorts(givenText(settings.needed)));
    const finish = toNumber(settings.finish) ?? 0;
    const order: PlanSettings['order'] = settings.order === 'same' ? 'same' : 'reverse';
    resolve({ ...dryRun({ ...plan, finish, order }) });
  });

export function runtime(RED: NodeAPI): NodeRuntime {
  function UpsOutagePlan(this: PlanNode, config: NodeDef): void {
    createNode(RED, this, config);
    const { settings, problem } = readSettings(RED, this, form, config);
    let fault: DeviceError | undefined = problem;
    let plan: PlanSettings | undefined;
    try {
      if (!fault) plan = planSettings(settings);
    } catch (thrown) {
      fault = toDeviceError(thrown);
    }
    if (fault || !plan) {
      // Half a plan would cut ports that something waits for, so there is none.
      const said = fault;
      if (said) this.warn(errorText(RED, said));
      onInput(RED, this, () => NOTHING, { problem: () => said });
      return;
    }
    const { device, server } = settings;
    const ups = upsOf(RED, this, device, undefined);
    this.outage = new OutageNode(RED, this, { plan, ups, device, server: givenText(server) });
    this.outage.begin();
  }

  return {
    ownerOnly: true,
    create: UpsOutagePlan,
    local: { dryRun: dryRunAction },
    queries: {
      diagnostics: diagnosticsQuery(RED, TYPE, (node) => {
        const { outage } = node as PlanNode;
        return outage && { settings: outage.settings, plan: outage.report };
      }),
    },
  };
}
