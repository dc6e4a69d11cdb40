import type { Renewal } from './engine';
import { rendezvous } from './partitions';
import type { Spread } from './settings';

/** Members that may own something: they run the flow file in force, and get a copy of every message. */
function eligible({ members, digest }: Renewal): string[] {
  return members.filter((one) => one.ready && one.digest === digest).map(({ holder }) => holder);
}

/** Who is to own a partition; `undefined`: nobody can. */
function heirOf(
  renewal: Renewal,
  among: readonly string[],
  partition: number,
  spread: Spread,
): string | undefined {
  const owner = renewal.owners.get(partition);
  if (spread === 'none' && owner !== undefined && among.includes(owner)) return owner;
  return rendezvous(partition, among);
}

/** Partitions that nobody owns and this member is to. */
export function wantedBy(
  holder: string,
  renewal: Renewal,
  partitions: readonly number[],
  spread: Spread,
): number[] {
  const among = eligible(renewal);
  if (!among.includes(holder)) return [];
  return partitions.filter(
    (one) => !renewal.owners.has(one) && heirOf(renewal, among, one, spread) === holder,
  );
}

/** Partitions of this member that another one is to own. */
export function givenBy(
  holder: string,
  renewal: Renewal,
  partitions: readonly number[],
  spread: Spread,
): number[] {
  const among = eligible(renewal);
  return partitions.filter((one) => {
    const heir = heirOf(renewal, among, one, spread);
    return heir !== undefined && heir !== holder;
  });
}
