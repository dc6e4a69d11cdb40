import type { Node, NodeAPI, NodeDef } from 'node-red';

import { deliver, join } from '../support/driver';

/** Where the messages of a measured flow end. */
export = (RED: NodeAPI): void => {
  join(RED);
  RED.nodes.registerType('bench-sink', function (this: Node, config: NodeDef) {
    RED.nodes.createNode(this, config);
    this.on('input', (message, _send, done) => {
      deliver(message);
      done();
    });
  });
};
