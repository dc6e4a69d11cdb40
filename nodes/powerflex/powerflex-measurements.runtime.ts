import { setImmediate as nextTurn } from 'node:timers/promises';

import type { Node, NodeAPI, NodeDef } from 'node-red';

import { systemClock } from '../../lib/core/clock';
import { invalidInput, toDeviceError } from '../../lib/core/errors';
import { type Notice, type NoticeHandler, Notices } from '../../lib/core/notices';
import { SerialQueue } from '../../lib/core/queue';
import { readMeasurements } from '../../lib/powerflex/reader';
import { type CtResponseRow, type MappedRow, type PowerUnit, rowFields } from '../../lib/powerflex/rows';
import { type ChargingSession, SESSION_FIELDS, SessionBuilder } from '../../lib/powerflex/sessions';
import { type InputResult, onClose, onInput } from '../shared/input-runner';
import { type FlowMessage, topicOf } from '../shared/messages';
import { createNode } from '../shared/migrate';
import type { NodeRuntime } from '../shared/node-type';
import { numberReader, settingText } from '../shared/settings';
import { STATUS, statusOfError, statusSetter } from '../shared/status';
import { noticeText } from '../shared/text';
import { measurementInput } from './measurement-input';
import { FORMS, type Item, rowOutput } from './row-output';
import { findSite, noSite, type PowerflexSite } from './site';
import { translate } from '../shared/text';

interface Config extends NodeDef {
  site: string;
  topic?: string;
  measurement: string;
  output: string;
  /** h back from now, where the message gives no start; 0 or empty: as the server decides */
  hours?: number | string;
  /** h that one request asks for */
  windowHours?: number | string;
  /** requests at a time */
  inFlight?: number | string;
  rowsPerMessage?: number | string;
  powerUnit?: string;
  /** charging sessions instead of rows */
  sessions?: boolean;
  raw?: boolean;
}

/** The settings that are numbers, as understood. */
interface Numbers {
  hours: number;
  /** ms */
  longest: number;
  inFlight: number;
  perMessage: number;
}

const HOUR = 3_600_000;
/** One row a message costs a flow more than reading and typing the row. */
const ROWS_A_MESSAGE = 1000;
/** A month. */
const LONGEST_WINDOW = 24 * 31;
const MOST_IN_FLIGHT = 8;
/** Twenty years: more windows than that would fill the memory. */
const MOST_HOURS = 20 * 366 * 24;

export function runtime(RED: NodeAPI): NodeRuntime<Node, Config> {
  function Measurements(this: Node, config: Config): void {
    createNode(RED, this, config);
    const site = findSite(RED, config.site);
    const setStatus = statusSetter(this);
    const problem = site ? site.problem : noSite();
    setStatus(problem ? STATUS.unconfigured() : STATUS.waiting());
    const number = numberReader(RED, this);
    const numbers: Numbers = {
      hours: Math.min(number(config.hours, 0, 0), MOST_HOURS),
      longest: Math.min(number(config.windowHours, 24, 1), LONGEST_WINDOW) * HOUR,
      inFlight: Math.min(number(config.inFlight, 3, 1), MOST_IN_FLIGHT),
      perMessage: Math.floor(number(config.rowsPerMessage, ROWS_A_MESSAGE, 1)),
    };
    // One answer after the other: two at once would mingle their rows.
    const queue = new SerialQueue();
    const notices = new Notices((notice) => this.warn(noticeText(RED, notice)));
    const onNotice = (notice: Notice): void => notices.once(notice);

    onInput(RED, this, async (msg, { signal, send }) => {
      if (!site || problem) throw problem ?? noSite();
      try {
        const input = measurementInput(msg, config.measurement, numbers.hours, systemClock.now());
        if (config.sessions && input.measurement !== 'ct_response') {
          throw invalidInput('Sessions are made of ct_response only.', 'sessionsMeasurement');
        }
        return await queue.run(() =>
          answer(config, site, msg, input, { numbers, signal, send, setStatus, onNotice }),
        );
      } catch (thrown) {
        setStatus(statusOfError(toDeviceError(thrown)));
        throw thrown;
      }
    });

    onClose(this, () => {
      queue.close();
      return Promise.resolve();
    });
  }

  async function answer(
    config: Config,
    site: PowerflexSite,
    msg: FlowMessage,
    { measurement, range }: ReturnType<typeof measurementInput>,
    run: {
      numbers: Numbers;
      signal: AbortSignal;
      send: (part: NonNullable<InputResult>) => void;
      setStatus: ReturnType<typeof statusSetter>;
      onNotice: NoticeHandler;
    },
  ): Promise<InputResult> {
    const { numbers, signal, send, setStatus, onNotice } = run;
    const info = site.info();
    const topic = topicOf(msg, settingText(config.topic) || info.name);
    const copy = copierOf(msg);
    const base = (): FlowMessage => ({ ...copy(), topic, device: { ...info } });
    const form = FORMS.find((one) => one === config.output) ?? 'array';
    const builder = config.sessions ? new SessionBuilder() : undefined;
    const output = rowOutput(RED, base, {
      form,
      perMessage: numbers.perMessage,
      columns: builder ? SESSION_FIELDS : rowFields(measurement),
      send: (part) => send([part, null]),
    });
    const toItems = (rows: MappedRow[]): Item[] => {
      if (builder) {
        for (const one of rows) builder.add(ctRow(one));
        return [];
      }
      return rows.map((one) => (config.raw ? { value: one.row, raw: one.raw() } : { value: one.row }));
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
    setStatus(STATUS.busy());
    const { partial, capped, withoutTime, emptyColumns } = await site.run((client) =>
      readMeasurements(client, {
        ...{ measurement, range, signal },
        longest: numbers.longest,
        inFlight: numbers.inFlight,
        powerUnit: powerUnitOf(config),
        onNotice,
        onRows: async (some: MappedRow[], bytes: number) => {
          rows += some.length;
          output.add(toItems(some), bytes);
          // Sent messages are delivered in the next turn; without it they would pile up.
          if (form === 'messages') await nextTurn();
        },
        ...(builder
          ? { onWindow: async () => output.add(toSessionItems(await endedSessions(builder))) }
          : {}),
        onProgress: (done, total) => {
          windows = total;
          if (total > 1) setStatus(STATUS.busy(`${done}/${total}`));
          if (done < total) send([null, progress(done, total)]);
        },
      }),
    );
    if (builder) output.add(toSessionItems(builder.finish()));
    setStatus(STATUS.fresh(translate(RED, 'shown.rows', { rows })));
    const last = output.end();
    return [
      last && (partial || capped ? { ...last, partial: true } : last),
      progress(windows, windows, {
        ...{ complete: true, partial: partial || capped === true },
        ...(withoutTime === undefined ? {} : { withoutTime }),
        ...(emptyColumns === undefined ? {} : { emptyColumns }),
      }),
    ];
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

function powerUnitOf({ powerUnit }: Config): PowerUnit {
  return powerUnit === 'W' ? 'W' : 'kW';
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
