import { setImmediate as nextTurn } from 'node:timers/promises';

import type { Node, NodeAPI, NodeDef, NodeStatus } from 'node-red';

import { DeviceError, invalidInput } from '../../lib/core/errors';
import { mountPath, parseNodePath } from '../../lib/core/http/target';
import { type Notice, Notices } from '../../lib/core/notices';
import { cleanText, createRedactor } from '../../lib/core/redact';
import { Collector } from '../../lib/metrics/collector';
import { Exposition } from '../../lib/metrics/exposition';
import { lineOf, pointsOf, rowsOf } from '../../lib/metrics/points';
import { readMessage } from '../../lib/metrics/read';
import type { MetricReading } from '../../lib/metrics/reading';
import { createEnergyNode } from '../energy/create';
import { diagnosticsQuery } from '../shared/diagnostics';
import { ErrorStream } from '../shared/error-stream';
import type { SettingsOf } from '../shared/form';
import type { HttpInSettings } from '../shared/http-nodes';
import { type InputContext, NOTHING, onInput } from '../shared/input-runner';
import type { FlowMessage } from '../shared/messages';
import type { NodeRuntime } from '../shared/node-runtime';
import { onClose } from '../shared/on-close';
import { claimDevice } from '../shared/shared-state';
import { STATUS, statusSetter } from '../shared/status';
import { noticeText, translate } from '../shared/text';
import { form } from './energy-metrics.form';
import { addScrapeRoute } from './scrape';

const TYPE = 'energy-metrics';
/** Entries of a list that are worked on without letting others work. */
const ENTRIES_A_TURN = 100;

type Settings = SettingsOf<typeof form>;
type MetricsNode = Node & { metrics?: Exposition };

/** What the dialog does not offer in types: Node-RED's settings of who may reach its HTTP nodes. */
type Served = HttpInSettings & { httpNodeAuth?: unknown };

/** The path of the settings, checked further than the form does. @throws DeviceError INVALID_INPUT, CONFLICT */
function checkedPath(RED: NodeAPI, node: Node, { path, access, password }: Settings): string {
  const { httpNodeRoot, httpNodeAuth } = RED.settings as Served;
  const checked = parseNodePath(path);
  if (checked === undefined) {
    throw invalidInput('The path may hold letters, digits, dots, dashes and slashes only.', 'metricsPath');
  }
  if (httpNodeRoot === false) {
    throw invalidInput('Node-RED has no HTTP nodes: httpNodeRoot is false.', 'metricsHttpNodeRootOff');
  }
  if (access === 'password' && password === '') {
    throw invalidInput('Enter a password, or choose another access.', 'metricsPasswordEmpty');
  }
  if (access === 'password' && httpNodeAuth) {
    throw invalidInput(
      'httpNodeAuth asks for a login already; a client can give one only.',
      'metricsTwoLogins',
    );
  }
  if (access === 'nodeRed' && !httpNodeAuth) {
    throw invalidInput('httpNodeAuth is not set: everybody could read.', 'metricsNoNodeAuth');
  }
  if (!claimDevice(RED, node, `${TYPE} ${checked}`, true)) {
    throw new DeviceError('CONFLICT', 'Another node has this path. Give each a path of its own.', {
      reason: 'metricsTwice',
      sent: false,
    });
  }
  return checked;
}

export function runtime(RED: NodeAPI): NodeRuntime {
  function EnergyMetrics(this: MetricsNode, config: NodeDef & { wires?: string[][] }): void {
    createEnergyNode(RED, this, config, form, (settings) => {
      const isWired = (config.wires ?? []).some((wires) => wires.length > 0);
      begin(RED, this, settings, isWired);
    });
  }

  return {
    ownerOnly: true,
    create: EnergyMetrics,
    queries: {
      root: () => ({
        root: (RED.settings as Served).httpNodeRoot === false ? null : mountPath(RED.httpNode.path()),
      }),
      diagnostics: diagnosticsQuery(RED, TYPE, (node) => ({
        settings: {},
        ...((node as MetricsNode).metrics?.counts ?? {}),
      })),
    },
  };
}

/** @throws DeviceError for settings with which it cannot work */
function begin(RED: NodeAPI, node: MetricsNode, settings: Settings, isWired: boolean): void {
  const setStatus = statusSetter(RED, node);
  const notices = new Notices((notice: Notice) => node.warn(noticeText(RED, notice)));
  const exposition = new Exposition(settings.staleAfter * 1000, (notice) => notices.once(notice));
  if (settings.prometheus) {
    const path = checkedPath(RED, node, settings);
    node.metrics = exposition;
    // What failed with a request may quote its login.
    const redact = createRedactor([settings.password]);
    const end = addScrapeRoute(RED, {
      path,
      password: settings.access === 'password' ? settings.password : undefined,
      lines: () => exposition.lines(),
      onMiddlewareError: (error) => {
        const message = cleanText(error instanceof Error ? error.message : String(error), redact);
        notices.once({ reason: 'metricsMiddlewareFailed', params: { message } });
      },
    });
    onClose(node, () => {
      end();
      return Promise.resolve();
    });
  }
  const output = outputOf(settings, (message) => node.send(message));
  onClose(node, () => {
    output.flush();
    return Promise.resolve();
  });

  const take = (reading: MetricReading): void => {
    if (settings.prometheus) exposition.take(reading);
    if (isWired) output.take(reading);
  };
  const all = async (msg: FlowMessage, { signal }: InputContext): Promise<typeof NOTHING> => {
    let count = 0;
    for (const reading of readMessage(msg)) {
      take(reading);
      if (++count % ENTRIES_A_TURN === 0) await nextTurn();
      if (signal.aborted) break;
    }
    if (settings.every === 0) output.flush();
    return NOTHING;
  };
  const state = (): NodeStatus | undefined => {
    if (!settings.prometheus) return STATUS.fresh(translate(RED, 'shown.writing'));
    const { devices, series, leftOut } = exposition.counts;
    if (devices === 0) return undefined;
    const text = translate(RED, 'shown.series', { devices, series });
    if (leftOut === 0) return STATUS.fresh(text);
    return STATUS.attention(`${text}, ${translate(RED, 'shown.leftOut', { count: leftOut })}`);
  };
  onInput(
    RED,
    node,
    (msg, context) => {
      // A list may be long; everything else is told at once, in its order.
      if (Array.isArray(msg.payload)) return all(msg, context);
      for (const reading of readMessage(msg)) take(reading);
      if (settings.every === 0) output.flush();
      return NOTHING;
    },
    { setStatus, rest: state, errors: new ErrorStream(RED, node) },
  );
}

interface Output {
  take: (reading: MetricReading) => void;
  flush: () => void;
}

function outputOf({ output, every }: Settings, send: (message: Record<string, unknown>) => void): Output {
  const times = { precision: 'ms' };
  switch (output) {
    case 'points':
      return collected(every, pointsOf, (payload) => send({ payload, ...times }));
    case 'lines':
      return collected(
        every,
        (reading, now) => pointsOf(reading, now).map(lineOf),
        (lines) => send({ payload: lines.join('\n'), ...times }),
      );
    case 'rows':
      return collected(every, rowsOf, (payload) => send({ payload }));
  }
}

function collected<T>(
  every: number,
  make: (reading: MetricReading, now: number) => T[],
  send: (entries: T[]) => void,
): Output {
  const collector = new Collector<T>(every * 1000, send);
  return {
    take: (reading) => collector.add(make(reading, Date.now())),
    flush: () => collector.flush(),
  };
}
