import { PORTS, type PlanSettings } from '../../lib/outage/settings';
import { message, off, planSettings, type Row } from './outage';
import type { Seeded } from './seeded';

/** A plan of some ports, hosts and messages, with whatever people may enter. */
export function drawSettings(random: Seeded): PlanSettings {
  const ports = Array.from({ length: PORTS }, (_, port) => port)
    .sort(() => random.next() - 0.5)
    .slice(0, 2 + random.below(5));
  const rows: Row[] = [];
  ports.forEach((port, index) => {
    const hosts = random.chance(0.6) ? `host${port}` + (random.chance(0.3) ? ` second${port}` : '') : '';
    const due = (): Row => ({
      after: random.chance(0.8) ? random.below(300) : '',
      below: random.chance(0.3) ? 48 + random.below(3) : '',
      low: random.chance(0.3),
    });
    const dueOnce = (): Row => {
      const drawn = due();
      return drawn.after === '' && drawn.below === '' && drawn.low === false ? { after: 50 } : drawn;
    };
    if (hosts && random.chance(0.5)) rows.push(message(`down ${index}`, { ...dueOnce(), port }));
    const wait = hosts ? 'hosts' : random.pick(['none', 'time', 'reply'] as const);
    rows.push(off(port, { ...dueOnce(), hosts, wait, seconds: 10 + random.below(400) }));
  });
  return planSettings(
    rows,
    {
      ...{ supplies: 'all', finish: 5 + random.below(150), offBelow: random.chance(0.4) ? 5 : null },
      ...{
        stable: random.below(200),
        charge: random.below(400),
        restoreVoltage: random.chance(0.7) ? 50 : null,
      },
      ...{ pause: random.below(30), order: random.pick(['reverse', 'same']) },
    },
    random.chance(0.4) ? String(ports[0]) : '',
  );
}
