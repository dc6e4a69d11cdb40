import http from 'node:http';

import type { Node, NodeAPI, NodeDef } from 'node-red';

interface Config extends NodeDef {
  url: string;
}

/** Reads a response as a whole and parses it as a whole: the least that a node without slicing can do. */
export = (RED: NodeAPI): void => {
  RED.nodes.registerType('bench-whole-json', function (this: Node, config: Config) {
    RED.nodes.createNode(this, config);
    this.on('input', (message, send, done) => {
      const request = http.request(config.url, { method: 'POST' }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => {
          const body = JSON.parse(Buffer.concat(chunks).toString('utf8')) as {
            results: [{ series: [{ values: unknown[] }] }];
          };
          const rows = body.results[0].series[0].values.length;
          send({ ...message, payload: { complete: true, rows } });
          done();
        });
      });
      request.on('error', done);
      request.end();
    });
  });
};
