import type { Node, NodeAPI, NodeStatus } from 'node-red';

import { systemClock } from '../../lib/core/clock';
import { wholeKilowatts } from '../../lib/powerflex/dcm';
import { LoadFeed } from '../../lib/powerflex/load-feed';
import { LoadAges, loadOf } from '../../lib/powerflex/load-input';
import type { FlowMessage } from '../shared/messages';
import { availabilityPayload } from '../shared/polled-node';
import { claimDevice } from '../shared/shared-state';
import { type SetStatus, STATUS, statusOfAvailability, statusOfError } from '../shared/status';
import { nodeError, toldError, translate } from '../shared/text';

/** The load feed's part of a flow node's settings. */
export interface FeedSettings {
  /** message property with the load; empty: find it in the payload */
  loadProperty: string;
  loadUnit: 'kW' | 'W';
  /** s */
  minInterval: number;
  /** s */
  repeatInterval: number;
  /** s */
  maxAge: number;
  negative: 'refuse' | 'zero';
  /** kW; `null`: nothing is sent when the feed goes stale */
  failSafe: number | null;
}

export interface FeedOptions {
  settings: FeedSettings;
  /** whether loads are to come at all, so that their absence means something */
  expected: boolean;
  /** the config node, to notice two feeds of one site */
  siteId: string;
  send: (kilowatts: number) => Promise<void>;
  header: () => Record<string, unknown>;
  setStatus: SetStatus;
}

export interface Feed {
  /**
   * Takes the load of a message.
   *
   * @returns `{ realTimeLoad }` in kW, or `undefined` when a newer load took its place
   */
  push: (msg: FlowMessage) => Promise<{ realTimeLoad: number } | undefined>;
  /** What the node shows of the feed; `undefined` before the first load. */
  state: () => NodeStatus | undefined;
  close: () => void;
}

/** ms between two looks at the age that the status shows, for a young value and an old one. */
const SHOW_YOUNG = 10_000;
const SHOW_OLD = 60_000;

/** An age in the shortest words, without a language. */
function ageText(ms: number): string {
  const seconds = Math.round(ms / 1000);
  return seconds < 120 ? `${seconds} s` : `${Math.round(seconds / 60)} min`;
}

/** Makes a flow node the load feed of its site: availability to output 2, the last load and its age in the status. */
export function attachFeed(RED: NodeAPI, node: Node, options: FeedOptions): Feed {
  const { settings, expected, header, setStatus } = options;
  const { loadProperty: property, loadUnit: unit, negative } = settings;
  const input = { property, unit, negative };

  let cancelShow = (): void => undefined;
  const ageOf = ({ at }: { at: number }): number => systemClock.now() - at;
  const state = (): NodeStatus | undefined => {
    const { last, availability } = feed;
    const lost = availability && statusOfAvailability(availability);
    return lost ?? (last && STATUS.fresh(`${last.kilowatts} kW · ${ageText(ageOf(last))}`));
  };
  const show = (): void => {
    cancelShow();
    const { last, availability } = feed;
    const status = state();
    if (!last || !status || availability?.available === false) return;
    setStatus(status);
    const age = ageOf(last);
    cancelShow = systemClock.after(age < 2 * SHOW_OLD ? SHOW_YOUNG : SHOW_OLD, show);
  };

  const feed = new LoadFeed({
    send: options.send,
    minInterval: settings.minInterval * 1000,
    repeatInterval: settings.repeatInterval * 1000,
    maxAge: settings.maxAge * 1000,
    failSafe: settings.failSafe === null ? null : wholeKilowatts(settings.failSafe),
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
      node.error(toldError(RED, node, nodeError(RED, node, error)), header());
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
  return {
    push: async (msg) => {
      const { kilowatts, measured } = loadOf(msg, input, (property): unknown =>
        RED.util.getMessageProperty(msg, property),
      );
      claim();
      const { superseded } = await feed.push(kilowatts, ages.of(measured));
      return superseded ? undefined : { realTimeLoad: kilowatts };
    },
    close: () => {
      cancelShow();
      feed.close();
    },
    state,
  };
}
