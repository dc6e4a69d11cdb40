/** Reading JSON that anybody could have sent. */

export interface JsonLimits {
  /** levels of objects and lists in one another */
  depth: number;
}

/** Keys that reach into the prototype chain when a careless copy follows them. */
const DANGEROUS = new Set(['__proto__', 'constructor', 'prototype']);

/**
 * What is wrong with a parsed value: nested too deep, or a key that no honest sender uses. Looks without recursion,
 * so that depth cannot exhaust the stack.
 *
 * @returns `undefined` when nothing is
 */
export function faultInJson(value: unknown, limits: JsonLimits): 'depth' | 'key' | undefined {
  let level: object[] = typeof value === 'object' && value !== null ? [value] : [];
  for (let depth = 1; level.length > 0; depth++) {
    if (depth > limits.depth) return 'depth';
    const next: object[] = [];
    for (const item of level) {
      if (Array.isArray(item)) {
        for (const inner of item as unknown[])
          if (typeof inner === 'object' && inner !== null) next.push(inner);
        continue;
      }
      for (const key of Object.keys(item)) {
        if (DANGEROUS.has(key)) return 'key';
        const inner: unknown = Reflect.get(item, key);
        if (typeof inner === 'object' && inner !== null) next.push(inner);
      }
    }
    level = next;
  }
  return undefined;
}
