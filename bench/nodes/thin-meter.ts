import type { Node, NodeAPI, NodeDef } from 'node-red';

import { rawReader } from './raw-read';

interface Config extends NodeDef {
  url: string;
}

/** The least that a node can be: no availability, no status, no sharing, no error but a text. */
export = (RED: NodeAPI): void => {
  const read = rawReader();
  RED.nodes.registerType('bench-thin-meter', function (this: Node, config: Config) {
    RED.nodes.createNode(this, config);
    this.on('input', (message, send, done) => {
      read(config.url, (error, response) => {
        if (response) send({ ...message, payload: response.reading });
        done(error ?? undefined);
      });
    });
  });
};
