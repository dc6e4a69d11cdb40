import { Budget } from '../core/budget';
import { DeviceError } from '../core/errors';
import { lanPage } from '../core/http/lan';
import type { CloudClient, CloudUps } from './cloud-client';
import type { ComplexObject } from './complex';
import type { LanClient } from './lan-client';
import { type LogMemory, pullNewLogs } from './log';
import { MasterDataKeeper } from './master-data';
import type { UpsLink } from './commands';
import { parseMasterData } from './portal';
import { sameCmm } from './push';
import { identifierOf } from './status';

/** What only the portal tells, not the UPS itself. */
export interface Portal {
  masterData: MasterDataKeeper;
  /** the UPSes that the account may see; an empty filter is none */
  list: (filter: UpsFilter, signal?: AbortSignal) => Promise<CloudUps[]>;
}

export interface UpsFilter {
  searchText?: string;
  searchType?: string;
}

/** One way to a UPS. */
export interface UpsWay {
  /** which UPS this is, as far as the settings say: what is remembered of another one says nothing about it */
  readonly identity: string;
  /** where a browser in the same network finds the UPS's own pages; missing: nobody knows */
  readonly page?: string;
  /** the whole status, asked from the UPS now; missing where it pushes */
  readComplex?: (signal?: AbortSignal) => Promise<ComplexObject>;
  /** the way for commands; missing: there is none */
  link?: UpsLink;
  /** new records of the cloud's log; missing where there is none to be pulled */
  pullLogs?: (memory: LogMemory, signal: AbortSignal) => ReturnType<typeof pullNewLogs>;
  portal?: Portal;
}

/** What one reading of the cloud's log may cost: a thousand records take some 300 KB. */
const LOG_BUDGET = { bytes: 4 * 1024 * 1024, ms: 2 * 60_000 };

/**
 * Through the portal.
 *
 * @param client of the account, as it is now. It throws a DeviceError where there is none.
 * @param id of the UPS
 */
export function cloudWay(client: () => CloudClient, id: string): UpsWay {
  const identity = `cloud ${client().baseUrl} ${id}`;
  const readComplex = async (signal?: AbortSignal): Promise<ComplexObject> =>
    client().readComplex(id, signal);
  return {
    identity,
    readComplex,
    link: {
      readComplex,
      toggle: async (port, signal) => client().link(id).toggle(port, signal),
    },
    portal: {
      masterData: new MasterDataKeeper(async () => parseMasterData((await client().basicInfo(id)).raw)),
      list: async (filter, signal) => client().list(filter, signal),
    },
    pullLogs: async (memory, signal) => {
      const budget = new Budget(LOG_BUDGET);
      const used = client();
      return pullNewLogs(memory, (page, limit) => used.logs(id, page, limit, signal, budget));
    },
  };
}

/** At the UPS's own address. */
export function lanWay(client: LanClient): UpsWay {
  const page = lanPage(client.baseUrl);
  return {
    identity: `lan ${client.baseUrl}`,
    ...(page === undefined ? {} : { page }),
    readComplex: (signal) => client.readComplex(signal),
    link: client,
  };
}

/**
 * A UPS that pushes. It can be switched through the address that the user set, never through one that a push came from.
 *
 * @param cmm its identifier, as typed
 */
export function pushWay(cmm: string, link?: UpsLink): UpsWay {
  return { identity: `push ${sameCmm(cmm)}`, ...(link ? { link: onlyOf(sameCmm(cmm), link) } : {}) };
}

/**
 * The way to a UPS at an address that may be another one's by now. Each command reads before it sends: a UPS that names itself
 * by another identifier than it pushes with is not switched.
 */
function onlyOf(cmm: string, link: UpsLink): UpsLink {
  const { restart, describe } = link;
  return {
    readComplex: async (signal) => {
      const complex = await link.readComplex(signal);
      const own = identifierOf(complex);
      if (own !== null && sameCmm(own) !== cmm) throw otherUps();
      return complex;
    },
    toggle: (port, signal) => link.toggle(port, signal),
    ...(restart ? { restart: (port, signal) => restart.call(link, port, signal) } : {}),
    ...(describe ? { describe: (port, text, signal) => describe.call(link, port, text, signal) } : {}),
  };
}

function otherUps(): DeviceError {
  return new DeviceError(
    'NOT_FOUND',
    'Another UPS than the one that pushes answers at this address, so nothing was switched. Check the address.',
    { reason: 'powersentrixOtherUps', sent: false },
  );
}
