import { clientsAtOnce, isLogRight, logsIn, type Span } from './judge';
import type { Note } from './notes';
import type { Told } from './rows';
import type { Site } from './site';

/** A row, and where what it shows goes. */
export interface Recorded {
  site: Site;
  span: Span;
  told: Told;
  /** ms in which two may be at one device */
  overlap: number;
  notes: readonly Note[];
  say: (line: string) => void;
  hold: (isSo: boolean, problem: string) => void;
}

/** Pushes that a load balancer hands to one after the other: each record of the log once, and no false late alarm. */
export function judgePushes({ site, span, told, notes, say, hold }: Recorded): void {
  const logs = logsIn(span, site.balancer.logs, notes);
  const taken = logs.filter(({ status }) => status === 200).length;
  say(`pushed log: ${logs.length} records, ${taken} taken`);
  const wrong = logs.filter((one) => !isLogRight(one));
  hold(
    wrong.length === 0,
    `log: ${wrong.map(({ text, status, times }) => `${text} (${status}): ${times} times`).join('; ')}`,
  );
  hold(told.isEngineLost === true || taken > 0, 'no pushed record was taken');
  const alarms = notes.filter(
    ({ what, available, at }) =>
      what === 'available' && available === false && at >= span.from && at <= span.to,
  );
  hold(told.isEngineLost === true || alarms.length === 0, `late alarms: ${JSON.stringify(alarms)}`);
}

/** A device that the flow is, at a broker: one client at a time, each command taken once at the most. */
export function judgeMqtt({ site, span, told, overlap, notes, say, hold }: Recorded): void {
  const sent = site.sent.filter(({ at }) => at >= span.from && at <= span.to);
  const times = sent.map(({ id }) => notes.filter((one) => one.what === 'command' && one.id === id).length);
  const held = site.instances.flatMap(({ name, broker }) => broker.held.map((one) => ({ ...one, by: name })));
  const most = clientsAtOnce(span, held, told.frozen);
  say(
    `MQTT: ${sent.length} commands, ${times.filter((n) => n === 1).length} taken; two clients: ${(most / 1000).toFixed(1)} s`,
  );
  hold(
    times.every((n) => n <= 1),
    `MQTT commands taken more than once: ${times.filter((n) => n > 1).length}`,
  );
  hold(times.includes(1), 'no MQTT command was taken');
  hold(most <= overlap, `two MQTT clients for ${most} ms`);
}
