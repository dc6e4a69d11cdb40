import { createHash, timingSafeEqual } from 'node:crypto';

import { type Clock, systemClock } from '../core/clock';
import { Tries } from '../core/tries';

/** A UPS as clients of the protocol see it. */
export interface NutUps {
  /** what `LIST UPS` shows */
  readonly description: string;
  /** by name, without FSD in `ups.status`; `null`: the UPS is lost, and nobody knows its state (`DATA-STALE`) */
  variables(): ReadonlyMap<string, string> | null;
  /** commands that it takes; one that a client gives is told, and `OK` says no more than that */
  commands(): readonly string[];
}

/** What a user may do besides reading. `null`: log in nowhere. */
export type NutRole = 'primary' | 'secondary' | null;

export interface NutUser {
  name: string;
  password: string;
  role: NutRole;
  /** may begin commands */
  commands: boolean;
}

/** Who did something: never the password. */
export interface Client {
  /** IP address */
  address: string;
  /** `null`: it has not given a name */
  user: string | null;
}

/** What a client did, and to which UPS, by the name that it used. */
export type NutEvent = { ups: string; of: NutUps; role: NutRole } & Client &
  ({ event: 'login' | 'logout'; login: Login } | { event: 'command'; command: string } | { event: 'fsd' });

/** A client that counts as one whose power the UPS feeds. */
export interface Login {
  readonly ups: NutUps;
  readonly role: NutRole;
  readonly client: Client;
}

export interface NutConfiguration {
  /** by the names under which clients ask for them; several names may mean one UPS */
  upses: ReadonlyMap<string, NutUps>;
  users: readonly NutUser[];
}

/** Names that stand on the wire as they are. */
const NAME = /^[A-Za-z0-9_.-]{1,64}$/;

/** Whether clients can ask for a UPS of this name. */
export const isUpsName = (name: string): boolean => NAME.test(name);

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/**
 * What all connections of a server share: its UPSes and users, who is logged in, and which UPS is about to be switched
 * off (FSD). It outlives its configuration, so that a deploy takes nothing from a client.
 */
export class NutHub {
  private upses: ReadonlyMap<string, NutUps> = new Map();
  private users: ReadonlyMap<string, NutUser> = new Map();
  private readonly logins = new Set<Login>();
  private readonly down = new Set<NutUps>();

  private readonly tries: Tries;

  /** @param tell told of what clients do */
  constructor(
    private readonly tell: (event: NutEvent) => void = () => undefined,
    clock: Clock = systemClock,
  ) {
    this.tries = new Tries(clock);
  }

  /** Takes other UPSes and users. A login to a UPS that goes on under one of its names stays. */
  configure({ upses, users }: NutConfiguration): void {
    this.upses = new Map([...upses].map(([name, ups]) => [name.toLowerCase(), ups]));
    this.users = new Map(users.map((user) => [user.name, user]));
  }

  /** The names under which there are UPSes, in order. */
  names(): string[] {
    return [...this.upses.keys()];
  }

  find(name: string): NutUps | undefined {
    return this.upses.get(name.toLowerCase());
  }

  /**
   * The user of this name and password; the time that it takes tells nothing about either.
   *
   * @param address of the client: one that has guessed too often is refused without a look
   */
  user(name: string, password: string, address: string): NutUser | undefined {
    if (!this.tries.admits(address)) return undefined;
    const user = this.users.get(name);
    const same = timingSafeEqual(digest(user?.password ?? ''), digest(password));
    const found = same ? user : undefined;
    if (found) this.tries.right(address);
    else this.tries.wrong(address);
    return found;
  }

  /** A UPS's variables as clients see them, FSD included. */
  variables(ups: NutUps): ReadonlyMap<string, string> | null {
    const variables = ups.variables();
    if (!variables || !this.down.has(ups)) return variables;
    return new Map([...variables, ['ups.status', `FSD ${variables.get('ups.status') ?? ''}`.trim()]]);
  }

  login(name: string, login: Login): void {
    this.logins.add(login);
    this.tell({ event: 'login', login, ups: name, of: login.ups, role: login.role, ...login.client });
  }

  logout(name: string, login: Login): void {
    if (!this.logins.delete(login)) return;
    this.tell({ event: 'logout', login, ups: name, of: login.ups, role: login.role, ...login.client });
  }

  /** Who is logged in to a UPS. */
  clientsOf(ups: NutUps): Login[] {
    return [...this.logins].filter((login) => login.ups === ups);
  }

  begin(name: string, ups: NutUps, command: string, { name: user, role }: NutUser, address: string): void {
    this.tell({ event: 'command', ups: name, of: ups, command, role, user, address });
  }

  /** Says for a client that a UPS is about to be switched off: every host behind it shuts down. */
  setFsd(name: string, ups: NutUps, { name: user, role }: NutUser, address: string): void {
    if (this.raiseFsd(ups)) this.tell({ event: 'fsd', ups: name, of: ups, role, user, address });
  }

  /** The same for the server's own side. @returns whether it was not said before */
  raiseFsd(ups: NutUps): boolean {
    const isNew = !this.down.has(ups);
    this.down.add(ups);
    return isNew;
  }

  clearFsd(ups: NutUps): void {
    this.down.delete(ups);
  }

  isFsd(ups: NutUps): boolean {
    return this.down.has(ups);
  }
}
