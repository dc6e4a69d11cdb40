import type { Node, NodeAPI, NodeDef } from 'node-red';

import type { DeviceError } from '../../lib/core/errors';
import type { PoweroptiResponse } from '../../lib/poweropti/client';
import { ReadingGate } from '../../lib/poweropti/gate';
import { ConfigReference } from '../shared/config-reference';
import { createNode } from '../shared/migrate';
import type { NodeRuntime } from '../shared/node-runtime';
import type { PolledPart } from '../shared/polled-device';
import { attachPolledNode, noDevice, type PolledNodeOptions } from '../shared/polled-node';
import { readSettings } from '../shared/read-settings';
import { form } from './poweropti-meter.form';

/** A flow node's way to its meter. */
function meterOf(
  RED: NodeAPI,
  node: Node,
  id: string,
  problem: DeviceError | undefined,
): ConfigReference<PolledPart<PoweroptiResponse>> {
  return new ConfigReference(RED, node, { type: 'poweropti-device', id, missing: noDevice, problem });
}

/** What a node tells of its meter. */
class MeterView implements PolledNodeOptions<PoweroptiResponse> {
  constructor(
    readonly topic: string,
    private readonly withRaw: boolean,
    private readonly gate: ReadingGate,
  ) {}

  content({ reading, raw, age }: PoweroptiResponse): Record<string, unknown> {
    const { timestamp, ...values } = reading;
    const payload = { timestamp, age: Math.round(age() / 100) / 10, ...values };
    return this.withRaw ? { payload, raw } : { payload };
  }

  statusText({ reading: { power } }: PoweroptiResponse): string {
    return power === null ? '– W' : `${power} W`;
  }

  admit({ reading }: PoweroptiResponse): boolean {
    return this.gate.admit(reading);
  }

  responded({ reading }: PoweroptiResponse): void {
    this.gate.passed(reading);
  }
}

export function runtime(RED: NodeAPI): NodeRuntime {
  function PoweroptiMeter(this: Node, config: NodeDef): void {
    createNode(RED, this, config);
    const { settings, problem } = readSettings(RED, this, form, config);
    const { device, topic, deadband, raw } = settings;
    const view = new MeterView(topic, raw, new ReadingGate(deadband));
    attachPolledNode<PoweroptiResponse>(RED, this, meterOf(RED, this, device, problem), view);
  }

  return { create: PoweroptiMeter };
}
