import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

import { type PowersentrixSimulator, startPowersentrix } from '../../../simulators/powersentrix';
import { payloadOf, type TestFlow, unloadFlow } from '../../support/flow';
import { lanDevice, load, portNode, statusNode } from './bench';

/** Passes one connection at a time on; another one is taken when that has ended, as small web servers do. */
class OneAtATime {
  private readonly waiting: Socket[] = [];
  private current: Socket | undefined;
  private readonly server: Server;

  constructor(private readonly target: number) {
    this.server = createServer({ pauseOnConnect: true }, (socket) => {
      socket.on('error', () => undefined);
      this.waiting.push(socket);
      this.serve();
    });
  }

  async listen(): Promise<string> {
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    const closed = once(this.server, 'close');
    this.server.close();
    for (const socket of [...this.waiting, this.current]) socket?.destroy();
    await closed;
  }

  private serve(): void {
    if (this.current) return;
    const socket = (this.current = this.waiting.shift());
    if (!socket) return;
    const device = connect(this.target, '127.0.0.1');
    device.on('error', () => socket.destroy());
    socket.on('close', () => {
      device.destroy();
      this.current = undefined;
      this.serve();
    });
    socket.pipe(device).pipe(socket);
    socket.resume();
  }
}

describe('a UPS that serves one connection at a time', () => {
  let ups: PowersentrixSimulator;
  let device: OneAtATime;
  let flow: TestFlow;
  beforeEach(async () => {
    ups = await startPowersentrix();
    device = new OneAtATime(Number(new URL(ups.url).port));
    const nodes = [lanDevice(await device.listen()), statusNode(), portNode({ port: 0 })];
    flow = await load(nodes, { d: { apiKey: ups.apiKey } });
  });
  afterEach(async () => {
    await unloadFlow();
    await device.close();
    await ups.close();
  });

  it('is switched though its readings keep a connection', async () => {
    await flow.at('out').waitFor(() => true, 'a reading');
    for (const [index, payload] of ['off', 'on', 'off'].entries()) {
      flow.send('p', { payload });
      const { on, verified } = payloadOf(await flow.at('done').waitFor(() => true, payload, { from: index }));
      assert.deepEqual([on, verified], [payload === 'on', true]);
    }
    assert.equal(ups.model.toggles, 3);
  });

  it('is switched while it is read', async () => {
    await flow.at('out').waitFor(() => true, 'a reading');
    for (let count = 0; count < 3; count++) flow.send('s', { payload: count });
    flow.send('p', { payload: 'off' });
    for (let count = 3; count < 6; count++) flow.send('s', { payload: count });
    const { on, verified } = payloadOf(await flow.at('done').waitFor(() => true, 'switched'));
    assert.deepEqual([on, verified, ups.model.toggles], [false, true, 1]);
    await flow
      .at('out')
      .waitFor((msg) => msg.payload !== 5 && payloadOf(msg).powerSource === 'mains', 'a reading', {
        from: 1,
      });
  });
});
