import { setMaxListeners } from 'node:events';

import type { Node, NodeAPI, NodeDef, NodeStatus } from 'node-red';

import { invalidInput, toDeviceError } from '../../lib/core/errors';
import { cleanText } from '../../lib/core/redact';
import { isRecord } from '../../lib/core/values';
import { isWellKnown } from '../../lib/nut/given';
import { outletCommand } from '../../lib/powersentrix/nut';
import type { ConfigReference } from '../shared/config-reference';
import { faceOf } from '../shared/cluster-face';
import { diagnosticsQuery } from '../shared/diagnostics';
import { NOTHING, onInput } from '../shared/input-runner';
import { createNode } from '../shared/migrate';
import { NodeMemory } from '../shared/node-memory';
import type { NodeRuntime } from '../shared/node-runtime';
import { onClose } from '../shared/on-close';
import { noDevice } from '../shared/polled-node';
import { readSettings } from '../shared/read-settings';
import { STATUS, statusSetter } from '../shared/status';
import { errorText, translate } from '../shared/text';
import { tlsOptions } from '../shared/tls';
import { NUT_SERVER_TYPE } from './nut-logins';
import { type NutRunning, type RunningEvent, runningNutServer, takeNutServer } from './nut-running';
import { namesOf, type Offered, optionsOf, orderedUps, orderIn, runningSettings } from './nut-settings';
import type { UpsPart } from './parts';
import { upsOf } from './ups';
import { form } from './ups-nut-server.form';

/** Key of the node's context: UPSes whose hosts had been told to go down. */
const MEMORY = 'energyDevicesNut';
export function runtime(RED: NodeAPI): NodeRuntime {
  function UpsNutServer(this: Node, config: NodeDef): void {
    createNode(RED, this, config);
    const read = readSettings(RED, this, form, config);
    const { settings } = read;
    const setStatus = statusSetter(RED, this);
    const memory = new NodeMemory(RED, this, MEMORY);
    let problem = read.problem;
    let offered: Offered[] = [];
    let server: NutRunning | undefined;
    const stopped = new AbortController();
    setMaxListeners(0, stopped.signal);

    const inform = (device: string) =>
      offered.find((one) => one.device === device)?.reference.offered?.device.info();
    const tell = (topic: string, device: string, payload: Record<string, unknown>): void => {
      const time = new Date().toISOString();
      const info = inform(device);
      const about = info ? { device: info } : {};
      this.send([{ topic, ...about, payload: { event: topic, ...payload, device, time } }, null]);
    };
    const command = (event: RunningEvent): void => {
      const { command: text = '', device, ups, user, address, role } = event;
      const wanted = outletCommand(text);
      const part = offered.find((one) => one.device === device)?.reference.offered;
      const about = { user, role, address, ups, command: text };
      if (!wanted) return;
      const end = (more: Record<string, unknown>): void => tell('outcome', device, { ...about, ...more });
      const run = async (): Promise<void> => {
        if (!part) throw noDevice();
        const outcome = await part.ups.commands.run(
          { port: wanted.port, action: wanted.action },
          stopped.signal,
        );
        end({ ok: true, outcome });
      };
      run().catch((thrown: unknown) => {
        const error = toDeviceError(thrown);
        end({ ok: false, error: { code: error.code, message: errorText(RED, error) } });
      });
    };
    const stateText = (): string => {
      const states = (server?.statuses() ?? []).map(({ status }) => status ?? '–');
      const clients = server?.clients ?? 0;
      const key = clients === 1 ? 'nut.client' : 'nut.clients';
      return `${translate(RED, key, { count: clients }, `${clients}`)} · ${states.join(', ')}`;
    };
    const rest = (): NodeStatus => {
      if (!server) return STATUS.waiting();
      if (server.failure) return STATUS.failing('status.nutNotListening');
      if (!server.listening) return STATUS.waiting();
      const states = server.statuses();
      const isCalm = states.every(({ status, fsd }) => status?.startsWith('OL') === true && !fsd);
      return isCalm ? STATUS.fresh(stateText()) : STATUS.attention(stateText());
    };
    const showState = (): void => {
      if (!server) return;
      setStatus(rest());
      const { failure, listening, clients } = server;
      const reason = failure ? { reason: { code: failure.code, message: errorText(RED, failure) } } : {};
      const where = listening ? { address: listening.host, port: listening.port } : {};
      const upses = server.statuses().map(({ names, ...one }) => ({ ups: names[0], names, ...one }));
      this.send([
        null,
        {
          topic: 'server',
          payload: { listening: listening !== undefined, ...where, ...reason, clients, upses },
        },
      ]);
    };
    let warned = '';
    const warnOf = (): void => {
      const text = server?.failure ? errorText(RED, server.failure) : '';
      if (text !== '' && text !== warned) this.warn(text);
      warned = text;
    };

    const start = (): void => {
      if (problem) throw problem;
      offered = namesOf(settings).map(([device, names]) => ({
        device,
        names,
        reference: upsOf(RED, this, device, undefined),
      }));
      const wanted = runningSettings(settings, offered, tlsOptions(RED, settings.tls));
      const isLocal = /^(?:127\.|::1$)/.test(wanted.address.host);
      for (const { name, password } of wanted.users) {
        if (!isWellKnown(name, password)) continue;
        const hint = translate(RED, 'log.nutWellKnown', { name: cleanText(name) });
        if (isLocal) this.log(hint);
        else this.warn(hint);
      }
      const isFirst = runningNutServer(RED, this.id) === undefined;
      const taken = takeNutServer(RED, this.id);
      server = taken;
      const detach = taken.attach(wanted, {
        onEvent: (event) => {
          const { device, event: topic, ...more } = event;
          tell(topic, device, more);
          if (topic === 'command') command(event);
        },
        onChange: () => {
          warnOf();
          showState();
        },
        onFsd: () => memory.write({ fsd: taken.down }),
      });
      if (isFirst) {
        memory.read((stored) => {
          const list = isRecord(stored) && Array.isArray(stored.fsd) ? stored.fsd.slice(0, 16) : [];
          taken.remember(list.filter((id): id is string => typeof id === 'string'));
        });
      }
      for (const { device, reference } of offered) follow(taken, device, reference);
      onClose(this, () => {
        detach();
        return Promise.resolve();
      });
    };

    const follow = (to: NutRunning, device: string, reference: ConfigReference<UpsPart>): void => {
      reference.follow((part) => {
        const ups = to.ups(device);
        if (!part || !ups) {
          ups?.setAvailable(false);
          return undefined;
        }
        const one = offered.find((served) => served.device === device);
        if (one) ups.update(optionsOf(settings, one));
        const last = part.ups.last;
        if (last) ups.take(last.status);
        // One that has just begun says nothing yet: what was lost stays so until it is read.
        const known = part.device.availability;
        if (known) ups.setAvailable(known.available);
        const subscription = part.device.subscribe({
          onData: ({ status }) => {
            ups.take(status);
            to.look();
          },
          onAvailability: ({ available }) => {
            ups.setAvailable(available);
            to.look();
          },
        });
        to.look();
        return () => subscription.close();
      });
    };

    try {
      start();
    } catch (thrown) {
      problem = toDeviceError(thrown);
      this.warn(errorText(RED, problem));
    }

    onInput(
      RED,
      this,
      (msg) => {
        const order = orderIn(msg.payload);
        const { device } = orderedUps(order, offered);
        if (!server) return NOTHING;
        if (order.lowBattery !== undefined && server.ups(device)?.callLow(order.lowBattery) !== true) {
          throw invalidInput(
            'The UPS runs from the mains: its battery counts as low on battery only.',
            'nutNotOnBattery',
          );
        }
        if (order.fsd === true) server.raiseFsd(device);
        if (order.fsd === false) server.clearFsd(device);
        server.look();
        return NOTHING;
      },
      { setStatus, problem: () => problem, rest },
    );
    onClose(this, (removed) => {
      stopped.abort();
      // Also that of an earlier deploy, where the settings of this one do not work.
      // Its clients find it at the instance that owns it now.
      if (removed || faceOf(this)?.handedOver() === true) runningNutServer(RED, this.id)?.end();
      return Promise.resolve();
    });
  }

  return {
    ownerOnly: true,
    create: UpsNutServer,
    queries: {
      diagnostics: diagnosticsQuery(RED, NUT_SERVER_TYPE, (node) => {
        const server = runningNutServer(RED, node.id);
        return {
          settings: {},
          listening: server?.listening ?? null,
          problem: server?.failure?.message ?? null,
          connections: server?.connections ?? 0,
          clients: server?.clients ?? 0,
          upses: server?.statuses() ?? [],
        };
      }),
    },
  };
}
