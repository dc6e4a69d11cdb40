import type { Node, NodeAPI, NodeStatus } from 'node-red';

import { systemClock } from '../../lib/core/clock';
import { toNumber } from '../../lib/core/units';
import { wholeKilowatts } from '../../lib/powerflex/dcm';
import { LoadFeed } from '../../lib/powerflex/load-feed';
import { onClose } from '../shared/input-runner';
import type { FlowMessage } from '../shared/messages';
import { availabilityPayload } from '../shared/polled-node';
import { claimDevice } from '../shared/shared-state';
import { numberReader, settingText } from '../shared/settings';
import { STATUS, statusOfAvailability, statusOfError } from '../shared/status';
import { nodeError, translate } from '../shared/text';
import { LoadAges, loadOf } from './load-input';

/** The load feed's properties of a flow node; numbers may be texts. */
export interface FeedSettings {
  /** message property with the load; empty: find it in the payload */
  loadProperty?: string;
  loadUnit?: string;
  /** s */
  minInterval?: number | string;
  /** s */
  repeatInterval?: number | string;
  /** s */
  maxAge?: number | string;
  /** `refuse` or `zero` */
  negative?: string;
  /** kW; empty: nothing is sent when the feed goes stale */
  failSafe?: number | string;
}

export interface FeedOptions {
  settings: FeedSettings;
  /** whether loads are to come at all, so that their absence means something */
  expected: boolean;
  /** the config node, to notice two feeds of one site */
  siteId: string;
  send: (kilowatts: number) => Promise<void>;
  header: () => Record<string, unknown>;
  setStatus: (status: NodeStatus) => void;
}

export interface Feed {
  /**
   * Takes the load of a message.
   *
   * @returns `{ realTimeLoad }` in kW, or `undefined` when a newer load took its place
   */
  push: (msg: FlowMessage) => Promise<{ realTimeLoad: number } | undefined>;
}

/** ms between two looks at the age that the status shows, for a young value and an old one. */
const SHOW_YOUNG = 10_000;
const SHOW_OLD = 60_000;

/** An age in the shortest words, without a language. */
export function ageText(ms: number): string {
  const seconds = Math.round(ms / 1000);
  return seconds < 120 ? `${seconds} s` : `${Math.round(seconds / 60)} min`;
}

/** The fail-safe load in whole kW, `null` when there is none. One that cannot be sent is none, and that is said. */
function failSafeOf(value: unknown, onUnusable: (value: string) => void): number | null {
  if (value === undefined || value === null || value === '') return null;
  try {
    return wholeKilowatts(toNumber(value));
  } catch {
    onUnusable(typeof value === 'string' || typeof value === 'number' ? String(value) : typeof value);
    return null;
  }
}

/** Makes a flow node the load feed of its site: availability to output 2, the last load and its age in the status. */
export function attachFeed(RED: NodeAPI, node: Node, options: FeedOptions): Feed {
  const { settings, expected, header, setStatus } = options;
  const number = numberReader(RED, node);
  const failSafe = failSafeOf(settings.failSafe, (text) =>
    node.warn(translate(RED, 'log.failSafeUnusable', { value: text })),
  );
  const input = {
    property: settingText(settings.loadProperty),
    unit: settings.loadUnit === 'W' ? 'W' : 'kW',
    negative: settings.negative === 'zero' ? 'zero' : 'refuse',
  } as const;

  let cancelShow = (): void => undefined;
  const show = (): void => {
    cancelShow();
    const { last, availability } = feed;
    if (!last || availability?.available === false) return;
    const age = systemClock.now() - last.at;
    setStatus(STATUS.fresh(`${last.kilowatts} kW · ${ageText(age)}`));
    cancelShow = systemClock.after(age < 2 * SHOW_OLD ? SHOW_YOUNG : SHOW_OLD, show);
  };

  const feed = new LoadFeed({
    send: options.send,
    minInterval: number(settings.minInterval, 1, 0) * 1000,
    repeatInterval: number(settings.repeatInterval, 30, 1) * 1000,
    maxAge: number(settings.maxAge, 120, 1) * 1000,
    failSafe,
    expected,
    onAvailability: (availability) => {
      const status = statusOfAvailability(availability);
      if (status) setStatus(status);
      node.send([null, { ...header(), payload: availabilityPayload(RED, availability) }]);
    },
    onSent: ({ kilowatts, why }) => {
      show();
      if (why === 'failSafe') node.warn(translate(RED, 'log.failSafeSent', { kilowatts }));
    },
    onError: (error) => {
      setStatus(statusOfError(error));
      node.error(nodeError(RED, node, error), header());
    },
  });

  const ages = new LoadAges(systemClock);
  let claimed = false;
  const claim = (): void => {
    if (claimed) return;
    claimed = true;
    if (!claimDevice(RED, node, `powerflex feed ${options.siteId}`))
      node.warn(translate(RED, 'log.feedTwice'));
  };
  // A node for any operation is a feed only once a load has come.
  if (expected) claim();
  onClose(node, () => {
    cancelShow();
    feed.close();
    return Promise.resolve();
  });

  return {
    push: async (msg) => {
      const { kilowatts, measured } = loadOf(RED, msg, input);
      claim();
      const { superseded } = await feed.push(kilowatts, ages.of(measured));
      return superseded ? undefined : { realTimeLoad: kilowatts };
    },
  };
}
