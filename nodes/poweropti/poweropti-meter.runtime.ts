import type { Node, NodeAPI, NodeDef } from 'node-red';

import type { PoweroptiAnswer } from '../../lib/poweropti/client';
import { ReadingGate } from '../../lib/poweropti/gate';
import { createNode } from '../shared/migrate';
import type { NodeRuntime } from '../shared/node-type';
import { attachPolledNode, findDevice } from '../shared/polled-node';
import { numberReader, settingText } from '../shared/settings';

interface Config extends NodeDef {
  device: string;
  topic?: string;
  /** W; 0 = every new reading */
  deadband: number | string;
  raw: boolean;
}

export function runtime(RED: NodeAPI): NodeRuntime<Node, Config> {
  function PoweroptiMeter(this: Node, config: Config): void {
    createNode(RED, this, config);
    const gate = new ReadingGate(numberReader(RED, this)(config.deadband, 0, 0));

    attachPolledNode<PoweroptiAnswer>(RED, this, findDevice(RED, config.device, 'poweropti-device'), {
      topic: settingText(config.topic),
      content: ({ reading, raw, age }) => {
        const { timestamp, ...values } = reading;
        const payload = { timestamp, age: Math.round(age() / 100) / 10, ...values };
        return config.raw ? { payload, raw } : { payload };
      },
      statusText: ({ reading }) => (reading.power === null ? '– W' : `${reading.power} W`),
      admit: ({ reading }) => gate.admit(reading),
      answered: ({ reading }) => gate.passed(reading),
    });
  }

  return { create: PoweroptiMeter };
}
