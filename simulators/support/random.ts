/**
 * A number from 0 (included) to 1 (excluded) that depends on nothing but `seed` and `index`, so that the
 * same simulated moment has the same noise however often and in whatever order it is asked for.
 * (One step of the public-domain generator "mulberry32".)
 */
export function noise(seed: number, index: number): number {
  let mixed = (Math.imul(seed, 0x9e3779b1) + Math.imul(index, 0x6d2b79f5)) | 0;
  mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
  mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
}
