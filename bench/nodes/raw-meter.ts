import type { Node, NodeAPI, NodeDef } from 'node-red';

import type { PoweroptiResponse } from '../../lib/poweropti/client';
import { onClose } from '../../nodes/shared/on-close';
import { PolledDevice } from '../../nodes/shared/polled-device';
import { attachPolledNode } from '../../nodes/shared/polled-node';
import { rawReader } from './raw-read';

interface Config extends NodeDef {
  url: string;
  /** s */
  interval: number;
}

/** Our meter node as it is, but with `node:http` in place of our HTTP client. */
export = (RED: NodeAPI): void => {
  const read = rawReader();
  RED.nodes.registerType('bench-raw-meter', function (this: Node, config: Config) {
    RED.nodes.createNode(this, config);
    const device = new PolledDevice<PoweroptiResponse>(RED, this, {
      poll: {
        fetch: () =>
          new Promise((resolve, reject) => {
            read(config.url, (error, response) => {
              if (response) resolve(response);
              else reject(error ?? new Error('nothing'));
            });
          }),
        interval: config.interval * 1000,
      },
      info: () => ({ id: this.id, vendor: 'powerfox', model: 'poweropti', name: config.name }),
    });
    onClose(this, () => device.close());
    const part = { device };
    attachPolledNode<PoweroptiResponse>(
      RED,
      this,
      {
        part,
        problem: undefined,
        follow: (use) => {
          if (typeof use === 'function') use(part);
          else use.take(part);
        },
      },
      {
        topic: '',
        content: ({ reading: { timestamp, ...values } }) => ({ payload: { timestamp, age: 0, ...values } }),
        statusText: ({ reading }) => `${reading.power ?? '–'} W`,
      },
    );
  });
};
