import type { SecureContext } from 'node:tls';

import type { NodeAPI } from 'node-red';

import { type Clock, systemClock } from '../../lib/core/clock';
import type { DeviceError } from '../../lib/core/errors';
import { FsdKeeper } from '../../lib/nut/fsd';
import { type Login, NutHub, type NutEvent, type NutRole, type NutUser } from '../../lib/nut/hub';
import type { NutLogins } from '../../lib/nut/logins';
import { type NutAddress, NutServer, type NutServerState } from '../../lib/nut/server';
import { type NutUpsOptions, PowersentrixNutUps } from '../../lib/powersentrix/nut-ups';
import { VERSION } from '../shared/version';
import { forgetNutLogins, nutLogins } from './nut-logins';

/** ms for which a server goes on without its node: clients take a server that vanishes on battery for the end. */
const LINGER = 60_000;
/** ms between two looks at what time brings. */
const TICK = 1000;

/** A UPS that a server offers. */
export interface ServedUps {
  /** id of its config node */
  device: string;
  /** names that clients know it by; the first one is shown */
  names: readonly string[];
  options: NutUpsOptions;
}

export interface RunningSettings {
  address: NutAddress;
  upses: readonly ServedUps[];
  users: readonly NutUser[];
  admits: (address: string) => boolean;
  /** of new connections; `undefined`: clients are told that there is no TLS */
  tls: SecureContext | undefined;
  /** ms of `OB LB` without a primary until FSD; `null`: never by itself */
  fsdAfter: number | null;
  /** ms of mains until FSD may end */
  restore: number;
}

/** What a server tells its node. */
export interface RunningEvent {
  event: 'login' | 'logout' | 'command' | 'fsd' | 'fsdEnd';
  user: string | null;
  role: NutRole;
  address: string | null;
  /** the name that the client used, else the first one */
  ups: string;
  /** id of the config node */
  device: string;
  command?: string;
}

export interface RunningListeners {
  onEvent: (event: RunningEvent) => void;
  /** something that is shown may have changed */
  onChange: () => void;
  /** other UPSes than before are about to be switched off */
  onFsd: () => void;
}

interface Served {
  names: readonly string[];
  ups: PowersentrixNutUps;
  keeper: FsdKeeper;
}

const NOBODY = { user: null, role: null, address: null } as const;

/** A server as it goes on from one deploy to the next, and what it knows of its UPSes. */
export class NutRunning {
  private readonly hub: NutHub;
  private readonly server: NutServer;
  private readonly served = new Map<string, Served>();
  private readonly loggedIn = new Map<Login, () => void>();
  private listeners: RunningListeners | undefined;
  private settings: RunningSettings | undefined;
  /** of UPSes that stood before a restart, until their state is known */
  private readonly remembered = new Set<string>();
  private stopTick: () => void;
  private stopLinger: () => void = () => undefined;
  private hasEnded = false;
  private told = '';
  private problem: DeviceError | undefined;
  private place: NutAddress | undefined;

  constructor(
    private readonly logins: NutLogins,
    private readonly forget: () => void,
    private readonly clock: Clock = systemClock,
  ) {
    this.hub = new NutHub((event) => this.hear(event), clock);
    this.server = new NutServer({
      hub: this.hub,
      version: `node-red-contrib-energy-devices ${VERSION}`,
      clock,
      admits: (address) => this.settings?.admits(address) === true,
      tls: () => this.settings?.tls,
      holds: () => [...this.served.values()].some(({ ups }) => ups.holdsClients),
      onState: (state) => this.heardOfServer(state),
    });
    this.stopTick = clock.after(TICK, () => this.tick());
    logins.begin();
  }

  /** A node looks after the server from now on, in place of the one before. @returns ends that: the server lingers */
  attach(settings: RunningSettings, listeners: RunningListeners): () => void {
    this.stopLinger();
    this.listeners = listeners;
    this.configure(settings);
    return () => {
      if (this.listeners !== listeners) return;
      this.listeners = undefined;
      this.linger();
    };
  }

  /** No node looks after it: it ends, unless one comes. */
  linger(): void {
    this.stopLinger();
    this.stopLinger = this.clock.after(LINGER, () => this.end());
  }

  /** Ends it with all its connections. */
  end(): void {
    if (this.hasEnded) return;
    this.hasEnded = true;
    this.stopLinger();
    this.stopTick();
    this.listeners = undefined;
    this.server.close();
    this.logins.end();
    this.forget();
  }

  /** The UPS that this config node reads. */
  ups(device: string): PowersentrixNutUps | undefined {
    return this.served.get(device)?.ups;
  }

  /** Where it listens; `undefined`: nowhere (yet). */
  get listening(): NutAddress | undefined {
    return this.place;
  }

  /** Why it cannot listen, though it goes on trying. */
  get failure(): DeviceError | undefined {
    return this.problem;
  }

  get connections(): number {
    return this.server.connectionCount;
  }

  get clients(): number {
    return this.loggedIn.size;
  }

  /** `ups.status` of each UPS, by its config node; `null`: nobody knows it. */
  statuses(): { device: string; names: readonly string[]; status: string | null; fsd: boolean }[] {
    return [...this.served].map(([device, { names, ups }]) => ({
      device,
      names,
      status: this.hub.variables(ups)?.get('ups.status') ?? null,
      fsd: this.hub.isFsd(ups),
    }));
  }

  /** The UPS's hosts go down, whatever the mains do. */
  raiseFsd(device: string): void {
    const one = this.served.get(device);
    if (!one || !this.hub.raiseFsd(one.ups)) return;
    this.standing(device, one);
    this.tell({ event: 'fsd', ...NOBODY, ups: one.names[0] ?? '', device });
    this.look();
  }

  clearFsd(device: string): void {
    const one = this.served.get(device);
    if (!one || !this.hub.isFsd(one.ups)) return;
    this.hub.clearFsd(one.ups);
    one.keeper.ended();
    this.logins.setFsd(device, false);
    this.listeners?.onFsd();
    this.tell({ event: 'fsdEnd', ...NOBODY, ups: one.names[0] ?? '', device });
    this.look();
  }

  /** FSD stood for these UPSes before a restart: it stands again for those that are on battery still. */
  remember(devices: readonly string[]): void {
    for (const device of devices) {
      const one = this.served.get(device);
      if (one && !this.hub.isFsd(one.ups)) this.remembered.add(device);
    }
    // A reading may have come before the memory.
    this.look();
  }

  /** Config nodes of the UPSes whose hosts have been told to go down. */
  get down(): string[] {
    const standing = [...this.served].filter(([, { ups }]) => this.hub.isFsd(ups)).map(([device]) => device);
    return [...new Set([...standing, ...this.remembered])];
  }

  /** Looks at what the time and the readings have brought. */
  look(): void {
    for (const [device, one] of this.served) {
      const { ups, keeper } = one;
      const state = ups.current;
      if (state && this.remembered.delete(device)) {
        if (state.onBattery) this.raiseFsd(device);
        else this.listeners?.onFsd();
      }
      const logins = this.hub.clientsOf(ups);
      const due = keeper.look({
        onBattery: state?.onBattery ?? null,
        lowBattery: state?.lowBattery === true,
        logins,
      });
      if (due === 'raise') this.raiseFsd(device);
      else if (due === 'end') this.clearFsd(device);
    }
    const now = JSON.stringify([this.statuses(), this.clients, this.place, this.problem?.reason]);
    if (now === this.told) return;
    this.told = now;
    this.listeners?.onChange();
  }

  private configure(settings: RunningSettings): void {
    this.settings = settings;
    const times = { after: settings.fsdAfter, restore: settings.restore };
    const names = new Map<string, PowersentrixNutUps>();
    const wanted = new Set(settings.upses.map(({ device }) => device));
    for (const { device, names: own, options } of settings.upses) {
      const before = this.served.get(device);
      const ups = before?.ups ?? new PowersentrixNutUps(this.clock, options);
      const keeper = before?.keeper ?? new FsdKeeper({ clock: this.clock, ...times });
      ups.update(options);
      keeper.update(times);
      this.served.set(device, { names: own, ups, keeper });
      for (const name of own) names.set(name, ups);
    }
    for (const device of [...this.served.keys()]) {
      if (wanted.has(device)) continue;
      this.logins.setFsd(device, false);
      this.served.delete(device);
    }
    this.hub.configure({ upses: names, users: settings.users });
    this.server.listen(settings.address);
    this.told = '';
    this.look();
  }

  private standing(device: string, { ups, keeper }: Served): void {
    keeper.raised(this.hub.clientsOf(ups));
    this.logins.setFsd(device, true);
    this.listeners?.onFsd();
  }

  private tick(): void {
    this.stopTick = this.clock.after(TICK, () => this.tick());
    this.look();
  }

  private heardOfServer(state: NutServerState): void {
    this.problem = state.state === 'failed' ? state.error : undefined;
    this.place = state.state === 'listening' ? { host: state.host, port: state.port } : undefined;
    this.look();
  }

  private hear(event: NutEvent): void {
    const found = [...this.served].find(([, { ups }]) => ups === event.of);
    // One that is served no longer has nothing to tell.
    const [device, one] = found ?? [];
    if (event.event === 'login') this.note(event.login, event.ups, device ?? '');
    if (event.event === 'logout') this.leave(event.login);
    if (device === undefined || !one) return;
    if (event.event === 'fsd') this.standing(device, one);
    const { ups, role, user, address } = event;
    const command = event.event === 'command' ? { command: event.command } : {};
    this.tell({ event: event.event, user, role, address, ups, device, ...command });
    this.look();
  }

  private note(login: Login, ups: string, device: string): void {
    const { client, role } = login;
    const since = new Date(this.clock.now()).toISOString();
    this.loggedIn.set(login, this.logins.add({ ...client, role, ups, device, since }));
  }

  private leave(login: Login): void {
    const gone = this.loggedIn.get(login);
    this.loggedIn.delete(login);
    gone?.();
  }

  private tell(event: RunningEvent): void {
    this.listeners?.onEvent(event);
  }
}

/** The servers that run, by the runtime's event bus and the id of their node: they outlive deploys. */
const running = new WeakMap<object, Map<string, NutRunning>>();

/** The server of this node, if it runs. */
export function runningNutServer(RED: NodeAPI, id: string): NutRunning | undefined {
  return running.get(RED.events)?.get(id);
}

/** The server of this node, as it runs from a deploy before, or a new one. */
export function takeNutServer(RED: NodeAPI, id: string, clock?: Clock): NutRunning {
  const servers = running.get(RED.events) ?? new Map<string, NutRunning>();
  running.set(RED.events, servers);
  const known = servers.get(id);
  if (known) return known;
  const made = new NutRunning(
    nutLogins(RED, id),
    () => {
      if (servers.get(id) === made) servers.delete(id);
      forgetNutLogins(RED, id);
    },
    clock,
  );
  servers.set(id, made);
  return made;
}
