import http, { type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import type { SimServer } from '../../../simulators/support/server';

/** What an instance did at a device. */
export interface Act {
  /** epoch ms */
  at: number;
  device: string;
  /** the instance: each has a door of its own to each device */
  by: string;
  what: 'read' | 'toggle';
  port?: number;
}

/** All that was done at the simulated devices. */
export class Acts {
  readonly all: Act[] = [];
  private readonly doors: Server[] = [];

  /** An address of the simulator that only one instance knows. */
  async door(sim: SimServer, device: string, by: string): Promise<string> {
    const door = http.createServer((request, response) => {
      const query = new URL(request.url ?? '/', 'http://x').searchParams;
      const isToggle = query.get('fn') === '3';
      this.all.push({
        ...{ at: Date.now(), device, by, what: isToggle ? 'toggle' : 'read' },
        ...(isToggle ? { port: Number(query.get('param1')) } : {}),
      });
      sim.server.emit('request', request, response);
    });
    door.keepAliveTimeout = 60_000;
    await new Promise<void>((resolve) => door.listen(0, '127.0.0.1', resolve));
    this.doors.push(door);
    return `http://127.0.0.1:${(door.address() as AddressInfo).port}`;
  }

  /** Who did the last thing at a device. */
  ownerOf(device: string): string | undefined {
    return this.all.findLast((act) => act.device === device)?.by;
  }

  async close(): Promise<void> {
    for (const door of this.doors) {
      door.closeAllConnections();
      await new Promise((resolve) => door.close(resolve));
    }
  }
}
