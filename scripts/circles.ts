import { readSources } from './support/sources';

/**
 * Files that need each other, be it for their types: none of them can be understood, or moved, without the others.
 *
 * @param root of the project
 * @returns one line a circle, such as `lib/a.ts, lib/b.ts`
 */
export function circles(root: string): string[] {
  const imports = new Map(
    readSources(root).map(({ path, imports: of }) => [path, [...new Set(of.map((one) => one.path))]]),
  );
  /** in the order in which they were come to; those that are not settled yet */
  const order = new Map<string, number>();
  const open: string[] = [];
  const found: string[] = [];
  /** @returns the earliest open file that this one leads to */
  const visit = (path: string): number => {
    const own = order.size;
    order.set(path, own);
    open.push(path);
    let earliest = own;
    for (const next of imports.get(path) ?? []) {
      if (!order.has(next)) earliest = Math.min(earliest, visit(next));
      else if (open.includes(next)) earliest = Math.min(earliest, order.get(next) ?? own);
    }
    if (earliest === own) {
      const circle = open.splice(open.indexOf(path));
      if (circle.length > 1) found.push(circle.sort().join(', '));
    }
    return earliest;
  };
  for (const path of imports.keys()) if (!order.has(path)) visit(path);
  return found.sort();
}
