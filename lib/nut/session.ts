import type { SecureContext } from 'node:tls';

import type { Login, NutHub, NutUps, NutUser } from './hub';
import { quote, readWords } from './line';
import { commandWords, variableWords } from './words';

/** Tries to prove who one is on one connection; later ones are refused without a look. */
const MAX_TRIES = 3;

const HELP = 'Commands: HELP VER GET LIST SET INSTCMD LOGIN LOGOUT USERNAME PASSWORD STARTTLS';
const PROTOCOL = '1.3';

/** What is sent back, and what becomes of the connection then. */
export interface NutReply {
  text: string;
  /** it ends */
  ends?: true;
  /** it goes on over TLS */
  secures?: SecureContext;
}

class Refusal extends Error {}

const refuse = (word: string): Refusal => new Refusal(`ERR ${word}`);
const INVALID = 'INVALID-ARGUMENT';

/**
 * One client's conversation with the server: a line in, a reply out. Replies are those of `upsd` 2.8.
 */
export class NutSession {
  private name: string | null = null;
  private password: string | null = null;
  private tries = 0;
  private isTracking = false;
  private isSecure = false;
  private login: { name: string; login: Login } | undefined;

  /**
   * @param address of the client
   * @param version of the server, as VER says it
   * @param tls certificate and key; `undefined`: the server has none
   */
  constructor(
    private readonly hub: NutHub,
    private readonly address: string,
    private readonly version: string,
    private readonly tls: () => SecureContext | undefined = () => undefined,
  ) {}

  /** Whether the client is logged in. */
  get isLoggedIn(): boolean {
    return this.login !== undefined;
  }

  /** @param line without its end */
  respond(line: string): NutReply | undefined {
    const words = readWords(line);
    if (!words) return { text: `ERR ${INVALID}\n` };
    const [verb = '', ...args] = words;
    if (verb === '') return undefined;
    try {
      return this.reply(verb.toUpperCase(), args);
    } catch (thrown) {
      // What a client sends must not end the process, whatever is wrong with it or with us.
      return { text: thrown instanceof Refusal ? `${thrown.message}\n` : `ERR ${INVALID}\n` };
    }
  }

  /** The connection is gone. */
  end(): void {
    if (this.login) this.hub.logout(this.login.name, this.login.login);
    this.login = undefined;
  }

  private reply(verb: string, args: string[]): NutReply {
    const one = (text: string): NutReply => ({ text: `${text}\n` });
    switch (verb) {
      case 'VER':
        return one(this.version);
      case 'NETVER':
      case 'PROTVER':
        return one(PROTOCOL);
      case 'HELP':
        return one(HELP);
      case 'STARTTLS':
        return this.startTls(args);
      case 'GET':
        return one(this.get(args));
      case 'LIST':
        return { text: this.list(args) };
      case 'SET':
        return one(this.set(args));
      case 'USERNAME':
        return one(this.setUser(args));
      case 'PASSWORD':
        return one(this.setPassword(args));
      case 'LOGIN':
        return one(this.logIn(args));
      case 'PRIMARY':
      case 'MASTER':
        return one(this.grantPrimary(verb, args));
      case 'FSD':
        return one(this.setFsd(args));
      case 'INSTCMD':
        return one(this.command(args));
      case 'LOGOUT':
        if (args.length > 0) throw refuse(INVALID);
        // Its power may be gone before its connection is.
        this.end();
        return { text: 'OK Goodbye\n', ends: true };
      default:
        throw refuse('UNKNOWN-COMMAND');
    }
  }

  private startTls(args: string[]): NutReply {
    if (args.length > 0) throw refuse(INVALID);
    if (this.isSecure) throw refuse('ALREADY-SSL-MODE');
    const secures = this.tls();
    if (!secures) throw refuse('FEATURE-NOT-CONFIGURED');
    this.isSecure = true;
    return { text: 'OK STARTTLS\n', secures };
  }

  private ups(name: string | undefined): NutUps {
    if (name === undefined) throw refuse(INVALID);
    const ups = this.hub.find(name);
    if (!ups) throw refuse('UNKNOWN-UPS');
    return ups;
  }

  private variables(name: string | undefined): ReadonlyMap<string, string> {
    const variables = this.hub.variables(this.ups(name));
    if (!variables) throw refuse('DATA-STALE');
    return variables;
  }

  private get([what = '', name, key]: string[]): string {
    switch (what.toUpperCase()) {
      case 'VAR':
        return `VAR ${name} ${key} ${quote(this.value(name, key))}`;
      case 'TYPE': {
        const value = this.value(name, key);
        return `TYPE ${name} ${key} ${/^-?\d+(\.\d+)?$/.test(value) ? 'NUMBER' : `STRING:${value.length}`}`;
      }
      case 'DESC':
        this.variables(name);
        return `DESC ${name} ${plain(key)} ${quote(variableWords(plain(key).toLowerCase()))}`;
      case 'CMDDESC':
        this.variables(name);
        return `CMDDESC ${name} ${plain(key)} ${quote(commandWords(plain(key).toLowerCase()))}`;
      case 'UPSDESC':
        return `UPSDESC ${name} ${quote(this.ups(name).description)}`;
      case 'NUMLOGINS':
        this.variables(name);
        return `NUMLOGINS ${name} ${this.hub.clientsOf(this.ups(name)).length}`;
      case 'TRACKING':
        return this.isTracking ? 'ON' : 'OFF';
      default:
        throw refuse(INVALID);
    }
  }

  private value(name: string | undefined, key: string | undefined): string {
    if (name === undefined || key === undefined) throw refuse(INVALID);
    const value = this.variables(name).get(key.toLowerCase());
    if (value === undefined) throw refuse('VAR-NOT-SUPPORTED');
    return value;
  }

  private list([what = '', name, key]: string[]): string {
    const kind = what.toUpperCase();
    const rows = (lines: string[], ...subject: (string | undefined)[]): string => {
      const title = ['LIST', kind, ...subject].join(' ');
      return [`BEGIN ${title}`, ...lines, `END ${title}`, ''].join('\n');
    };
    switch (kind) {
      case 'UPS':
        return rows(this.hub.names().map((one) => `UPS ${one} ${quote(this.ups(one).description)}`));
      case 'VAR': {
        const all = [...this.variables(name)].sort(([a], [b]) => (a < b ? -1 : 1));
        return rows(
          all.map(([variable, value]) => `VAR ${name} ${variable} ${quote(value)}`),
          name,
        );
      }
      case 'RW':
        this.variables(name);
        return rows([], name);
      case 'CMD': {
        const ups = this.ups(name);
        this.variables(name);
        const all = [...ups.commands()].sort();
        return rows(
          all.map((command) => `CMD ${name} ${command}`),
          name,
        );
      }
      case 'ENUM':
      case 'RANGE':
        this.value(name, key);
        return rows([], name, key);
      case 'CLIENT': {
        const clients = this.hub.clientsOf(this.ups(name));
        return rows(
          clients.map(({ client }) => `CLIENT ${name} ${client.address}`),
          name,
        );
      }
      default:
        throw refuse(INVALID);
    }
  }

  private set([what = '', name, key, value]: string[]): string {
    if (what.toUpperCase() === 'TRACKING' && /^(on|off)$/i.test(name ?? '')) {
      this.known();
      this.isTracking = name?.toUpperCase() === 'ON';
      return 'OK';
    }
    if (what.toUpperCase() !== 'VAR' || value === undefined) throw refuse(INVALID);
    this.named();
    this.value(name, key);
    if (this.known().role !== 'primary') throw refuse('ACCESS-DENIED');
    throw refuse('READONLY');
  }

  private setUser([name]: string[]): string {
    if (name === undefined) throw refuse(INVALID);
    if (this.name !== null) throw refuse('ALREADY-SET-USERNAME');
    this.name = name;
    return 'OK';
  }

  private setPassword([password]: string[]): string {
    if (password === undefined) throw refuse(INVALID);
    if (this.password !== null) throw refuse('ALREADY-SET-PASSWORD');
    this.password = password;
    return 'OK';
  }

  private named(): { name: string; password: string } {
    if (this.name === null) throw refuse('USERNAME-REQUIRED');
    if (this.password === null) throw refuse('PASSWORD-REQUIRED');
    return { name: this.name, password: this.password };
  }

  private known(): NutUser {
    const { name, password } = this.named();
    const user = this.tries < MAX_TRIES ? this.hub.user(name, password, this.address) : undefined;
    if (!user) {
      this.tries++;
      throw refuse('ACCESS-DENIED');
    }
    return user;
  }

  private logIn([name]: string[]): string {
    const given = this.named();
    if (this.login) throw refuse('ALREADY-LOGGED-IN');
    const ups = this.ups(name);
    const { role } = this.known();
    if (role === null) throw refuse('ACCESS-DENIED');
    this.login = {
      name: name ?? '',
      login: { ups, role, client: { address: this.address, user: given.name } },
    };
    this.hub.login(this.login.name, this.login.login);
    return 'OK';
  }

  private primary(name: string | undefined): { ups: NutUps; user: NutUser } {
    this.named();
    const ups = this.ups(name);
    const user = this.known();
    if (user.role !== 'primary') throw refuse('ACCESS-DENIED');
    return { ups, user };
  }

  private grantPrimary(verb: string, [name]: string[]): string {
    this.primary(name);
    return `OK ${verb}-GRANTED`;
  }

  private setFsd([name]: string[]): string {
    const { ups, user } = this.primary(name);
    this.hub.setFsd(name ?? '', ups, user, this.address);
    return 'OK FSD-SET';
  }

  private command([name, command]: string[]): string {
    this.named();
    if (command === undefined) throw refuse(INVALID);
    const ups = this.ups(name);
    this.variables(name);
    const wanted = command.toLowerCase();
    if (!ups.commands().includes(wanted)) throw refuse('CMD-NOT-SUPPORTED');
    const user = this.known();
    if (!user.commands) throw refuse('ACCESS-DENIED');
    this.hub.begin(name ?? '', ups, wanted, user, this.address);
    return 'OK';
  }
}

/** A name as it may be repeated on the wire. */
function plain(key: string | undefined): string {
  if (key === undefined || !/^[\w.-]{1,64}$/.test(key)) throw refuse(INVALID);
  return key;
}
