import { createHash } from 'node:crypto';

/** What units are hashed to: so one message renews all, however many devices there are. */
export const PARTITIONS = 256;

export function partitionOf(key: string): number {
  return createHash('sha256').update(key).digest()[0] ?? 0;
}

/** Who is to own a partition: each member's hash decides, so that one who comes or goes moves only its own share. */
export function rendezvous(partition: number, members: readonly string[]): string | undefined {
  let best: { holder: string; weight: string } | undefined;
  for (const holder of members) {
    const weight = createHash('sha256').update(`${partition} ${holder}`).digest('hex');
    if (!best || weight > best.weight) best = { holder, weight };
  }
  return best?.holder;
}
