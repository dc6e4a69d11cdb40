import type { NutRole } from './hub';

/** A host that is logged in to a server: its power comes from a UPS, and it will shut down when the UPS says so. */
export interface NutLogin {
  /** name that it gave */
  user: string | null;
  role: NutRole;
  /** IP address */
  address: string;
  /** name of the UPS that it asked for, as configured */
  ups: string;
  /** id of the node that looks after the UPS */
  device: string;
  /** ISO time of its login */
  since: string;
}

/** What happened at a server. */
export type NutHappening =
  | { event: 'login' | 'logout'; login: NutLogin }
  /** a UPS is about to be switched off: every host behind it goes down; or that is over */
  | { event: 'fsd' | 'fsdEnd'; device: string }
  /** a server begins under this id, or has ended with all its logins */
  | { event: 'begin' | 'end' };

/**
 * Who is logged in to the server of one node, as others see it. It outlives the server: who listens hears of one that
 * begins later, and of the next one after a deploy.
 */
export class NutLogins {
  private readonly all = new Set<NutLogin>();
  private readonly down = new Set<string>();
  private readonly listeners = new Set<(what: NutHappening) => void>();
  private runs = false;

  /** Whether there is a server. Without one nobody knows who is there. */
  get isServed(): boolean {
    return this.runs;
  }

  /** @param device only those of this UPS */
  list(device?: string): NutLogin[] {
    return [...this.all].filter((login) => device === undefined || login.device === device);
  }

  /** Whether a UPS's hosts have been told to go down (FSD). */
  isFsd(device: string): boolean {
    return this.down.has(device);
  }

  /** Calls `hear` with all that happens; the result ends it. What it throws reaches nobody. */
  listen(hear: (what: NutHappening) => void): () => void {
    // One who listens twice hears twice.
    const own = (what: NutHappening): void => hear(what);
    this.listeners.add(own);
    return () => {
      this.listeners.delete(own);
    };
  }

  /** Whether nobody needs it. */
  get isIdle(): boolean {
    return !this.runs && this.listeners.size === 0;
  }

  /** For the server: it begins. */
  begin(): void {
    this.runs = true;
    this.tell({ event: 'begin' });
  }

  /** For the server: a host has logged in; the result logs it out. */
  add(login: NutLogin): () => void {
    this.all.add(login);
    this.tell({ event: 'login', login });
    return () => {
      if (this.all.delete(login)) this.tell({ event: 'logout', login });
    };
  }

  /** For the server: a UPS's hosts have been told to go down, or that is over. */
  setFsd(device: string, isDown: boolean): void {
    if (isDown === this.down.has(device)) return;
    if (isDown) this.down.add(device);
    else this.down.delete(device);
    this.tell({ event: isDown ? 'fsd' : 'fsdEnd', device });
  }

  /** For the server: it has ended, and nobody knows any more who is there. */
  end(): void {
    this.runs = false;
    this.all.clear();
    this.down.clear();
    this.tell({ event: 'end' });
  }

  private tell(what: NutHappening): void {
    for (const hear of [...this.listeners]) {
      try {
        hear(what);
      } catch {
        // One listener's fault must not keep the others from hearing, nor the server from its work.
      }
    }
  }
}
