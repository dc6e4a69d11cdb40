import type { Node, NodeAPI, NodeDef } from 'node-red';

import { createNode } from '../shared/migrate';
import type { NodeRuntime } from '../shared/node-type';
import { attachPolledNode } from '../shared/polled-node';
import { settingText } from '../shared/settings';
import { translate } from '../shared/text';
import { findUps, type UpsReading } from './ups';

interface Config extends NodeDef {
  device: string;
  topic?: string;
  raw: boolean;
}

export function runtime(RED: NodeAPI): NodeRuntime<Node, Config> {
  function UpsStatusNode(this: Node, config: Config): void {
    createNode(RED, this, config);
    const found = findUps(RED, config.device);
    let shown: UpsReading | undefined;

    attachPolledNode<UpsReading>(RED, this, found?.device, {
      topic: settingText(config.topic),
      content: (reading) => {
        const { timestamp, status, raw } = reading;
        shown = reading;
        const payload = { timestamp, name: found?.device.info().name ?? null, ...status };
        return config.raw ? { payload, raw } : { payload };
      },
      statusText: ({ status }) => {
        const { powerSource, totalPower } = status;
        const source = translate(RED, `powerSource.${powerSource}`, {}, powerSource);
        return totalPower === null ? source : `${source}, ${Math.round(totalPower)} W`;
      },
      // A pushed status is what it was when somebody else asks for it again.
      admit: (reading) => reading !== shown,
    });
  }

  return { create: UpsStatusNode };
}
