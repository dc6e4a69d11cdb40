import assert from 'node:assert/strict';

import { ClusterPace } from '../../../nodes/shared/cluster-pace';

describe('cluster pace', () => {
  const world = () => {
    const steps: (() => void)[] = [];
    let looked = 0;
    const pace = new ClusterPace((_ms, fn) => {
      steps.push(fn);
      return () => {
        steps.splice(steps.indexOf(fn), 1);
      };
    });
    const many = (count: number) =>
      Array.from({ length: count }, () => ({
        look: () => {
          looked++;
        },
      }));
    return { pace, steps, many, looked: () => looked, next: () => steps.shift()?.() };
  };

  it('lets few devices begin at once', () => {
    const { pace, steps, many, looked } = world();
    pace.begin(many(200));
    assert.equal(looked(), 200);
    assert.deepEqual(steps, []);
  });

  it('lets thousands begin one after the other, each once', () => {
    const { pace, many, looked, next, steps } = world();
    const all = many(550);
    pace.begin(all);
    // What waits already and is named again does not begin twice.
    pace.begin(all.slice(300));
    const seen = [looked()];
    while (steps.length > 0) {
      next();
      seen.push(looked());
    }
    assert.deepEqual(seen, [200, 300, 400, 500, 550]);
  });

  it('begins nothing after its end', () => {
    const { pace, many, looked, next } = world();
    pace.begin(many(550));
    pace.end();
    next();
    assert.equal(looked(), 200);
  });
});
