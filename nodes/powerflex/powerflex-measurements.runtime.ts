import { setImmediate as nextTurn } from 'node:timers/promises';

import type { Node, NodeAPI, NodeDef } from 'node-red';

import { systemClock } from '../../lib/core/clock';
import { invalidInput } from '../../lib/core/errors';
import { type Notice, type NoticeHandler, Notices } from '../../lib/core/notices';
import { SerialQueue } from '../../lib/core/command/queue';
import { rangeOf, rangeProblem } from '../../lib/core/recent-range';
import { measurementInput } from '../../lib/powerflex/measurement-input';
import { readMeasurements } from '../../lib/powerflex/reader';
import { type CtResponseRow, type MappedRow, rowFields } from '../../lib/powerflex/rows';
import {
  type ChargingSession,
  DETAIL_FIELDS,
  SESSION_FIELDS,
  SessionBuilder,
} from '../../lib/powerflex/sessions';
import type { SettingsOf } from '../shared/form';
import { type InputContext, type InputResult, onInput } from '../shared/input-runner';
import { onClose } from '../shared/on-close';
import { type FlowMessage, topicOf } from '../shared/messages';
import { createNode } from '../shared/migrate';
import type { NodeRuntime } from '../shared/node-runtime';
import { readSettings } from '../shared/read-settings';
import { errorText, noticeText, translate } from '../shared/text';
import { form } from './powerflex-measurements.form';
import { type Item, PlainItem, RawItem, rowOutput } from './row-output';
import { type PowerflexSite, siteOf } from './site';

type Settings = SettingsOf<typeof form>;

const HOUR = 3_600_000;

export function runtime(RED: NodeAPI): NodeRuntime {
  function Measurements(this: Node, config: NodeDef): void {
    createNode(RED, this, config);
    const { settings, problem } = readSettings(RED, this, form, config);
    const wrong = problem ?? rangeProblem(settings);
    if (wrong) this.warn(errorText(RED, wrong));
    const reference = siteOf(RED, this, settings.site, wrong);
    // One answer after the other: two at once would mingle their rows.
    const queue = new SerialQueue();
    const notices = new Notices((notice) => this.warn(noticeText(RED, notice)));
    const onNotice = (notice: Notice): void => notices.once(notice);

    onInput(
      RED,
      this,
      (msg, context) => {
        const now = systemClock.now();
        const { measurement, hours, range, days } = settings;
        const zone = settings.zone || (reference.offered?.zone ?? '');
        const dialog = { measurement, hours: hours ?? 0, range: rangeOf(range, days, zone, now) };
        const input = measurementInput(msg, dialog, now);
        if (settings.sessions && input.measurement !== 'ct_response') {
          throw invalidInput('Sessions are made of ct_response only.', 'powerflexSessionsMeasurement');
        }
        context.busy();
        return queue.run(() =>
          reference.run((site) => respond(settings, site, msg, input, { context, onNotice })),
        );
      },
      { config: reference },
    );

    onClose(this, () => {
      queue.close();
      return Promise.resolve();
    });
  }

  async function respond(
    settings: Settings,
    site: PowerflexSite,
    msg: FlowMessage,
    { measurement, range }: ReturnType<typeof measurementInput>,
    { context, onNotice }: { context: InputContext; onNotice: NoticeHandler },
  ): Promise<InputResult> {
    const { signal, send, busy } = context;
    const { output: outputForm, sessions, raw: withRaw } = settings;
    const info = site.info();
    const topic = topicOf(msg, settings.topic || info.name);
    const copy = copierOf(msg);
    const base = (): FlowMessage => ({ ...copy(), topic, device: { ...info } });
    const builder = sessions ? new SessionBuilder(settings.details) : undefined;
    const output = rowOutput(RED, base, {
      form: outputForm,
      perMessage: settings.rowsPerMessage,
      columns: builder ? sessionFields(settings.details) : rowFields(measurement),
      send: (part) => send([part, null]),
    });
    const toItems = (rows: MappedRow[]): Item[] => {
      if (builder) {
        for (const one of rows) builder.add(ctRow(one));
        return [];
      }
      return rows.map((one) => (withRaw ? new RawItem(one.row, one.raw()) : new PlainItem(one.row)));
    };

    let rows = 0;
    const progress = (
      done: number,
      total: number,
      more: object = { complete: false },
    ): Record<string, unknown> => ({
      ...base(),
      payload: { measurement, done, total, rows, ...more },
    });
    let windows = 1;
    const { partial, capped, withoutTime, emptyColumns } = await readMeasurements(site.client, {
      ...{ measurement, range, signal },
      longest: settings.windowHours * HOUR,
      inFlight: settings.inFlight,
      powerUnit: settings.powerUnit,
      onNotice,
      onRows: async (some: MappedRow[], bytes: number) => {
        rows += some.length;
        output.add(toItems(some), bytes);
        // Sent messages are delivered in the next turn; without it they would pile up.
        if (outputForm === 'messages') await nextTurn();
      },
      ...(builder ? { onWindow: async () => output.add(toSessionItems(await endedSessions(builder))) } : {}),
      onProgress: (done, total) => {
        windows = total;
        if (total > 1) busy(`${done}/${total}`);
        if (done < total) send([null, progress(done, total)]);
      },
    });
    if (builder) output.add(toSessionItems(builder.finish()));
    const last = output.end();
    const rest = progress(windows, windows, {
      ...{ complete: true, partial: partial || capped === true },
      ...(withoutTime === undefined ? {} : { withoutTime }),
      ...(emptyColumns === undefined ? {} : { emptyColumns }),
    });
    return {
      send: [partial || capped ? { ...last, partial: true } : last, rest],
      status: translate(RED, 'shown.rows', { rows }),
    };
  }

  /** Copies of a message for several answers, which must not share what one of them may change. */
  function copierOf(msg: FlowMessage): () => FlowMessage {
    const isFlat = Object.entries(msg).every(
      ([key, value]) => key === 'payload' || typeof value !== 'object',
    );
    return isFlat ? () => ({ ...msg }) : () => RED.util.cloneMessage({ ...msg, payload: undefined });
  }

  return { create: Measurements };
}

function sessionFields(withDetails: boolean): readonly string[] {
  return withDetails ? [...SESSION_FIELDS, ...DETAIL_FIELDS] : SESSION_FIELDS;
}

/** ms of work after which other flows get their turn. */
const LONGEST_STRETCH_MS = 8;

/** The sessions that have ended in a window, by their end. */
async function endedSessions(builder: SessionBuilder): Promise<ChargingSession[]> {
  const ended: ChargingSession[] = [];
  let began = systemClock.monotonic();
  for (const some of builder.flush()) {
    ended.push(...some);
    if (systemClock.monotonic() - began < LONGEST_STRETCH_MS) continue;
    await nextTurn();
    began = systemClock.monotonic();
  }
  return ended.sort((a, b) => (a.end < b.end ? -1 : 1));
}

function toSessionItems(sessions: ChargingSession[]): Item[] {
  return sessions.map((value) => ({ value }));
}

/** Sessions are asked for only where the rows are `ct_response`. */
function ctRow({ row, time }: MappedRow): { row: CtResponseRow; time: number | null } {
  return { row: row as CtResponseRow, time };
}
