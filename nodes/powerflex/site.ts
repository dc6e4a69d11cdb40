import type { Node, NodeAPI } from 'node-red';

import { type DeviceError, invalidInput, toDeviceError } from '../../lib/core/errors';
import { LONGEST_TURN, SerialQueue } from '../../lib/core/queue';
import { withoutZone } from '../../lib/core/url';
import type { PowerflexClient } from '../../lib/powerflex/client';
import type { DiagnosticsPart } from '../shared/diagnostics';
import { onClose } from '../shared/input-runner';
import type { DeviceBlock } from '../shared/messages';
import { errorText } from '../shared/text';

export const SITE_TYPE = 'powerflex-site';

/** A config node that looks after one site; flow nodes find the site here. */
export interface PowerflexSiteNode extends Node<{ username: string; password: string }> {
  site: PowerflexSite;
}

interface RecentError {
  time: string;
  code: string;
  message: string;
}

const MOST_ERRORS = 10;

/**
 * The runtime side of a site's config node: one client, and so one login, for all flow nodes. A configuration that
 * cannot work is kept as a problem instead of a throw at deploy.
 */
export class PowerflexSite {
  readonly problem: DeviceError | undefined;
  private readonly client: PowerflexClient | undefined;
  private readonly counts = { calls: 0, failures: 0 };
  private readonly recentErrors: RecentError[] = [];
  private readonly changes = new SerialQueue({ maxWait: LONGEST_TURN });

  /**
   * @param name as the user calls it
   * @param settings as understood, for diagnostics; no credentials
   */
  constructor(
    RED: NodeAPI,
    private readonly node: Node,
    private readonly name: string,
    private readonly settings: Readonly<Record<string, unknown>>,
    build: () => PowerflexClient,
  ) {
    try {
      this.client = build();
    } catch (thrown) {
      this.problem = toDeviceError(thrown);
      node.warn(errorText(RED, this.problem));
    }
    onClose(node, () => {
      this.changes.close();
      this.client?.close();
      return Promise.resolve();
    });
  }

  /** For `msg.device`. The vendor's number of a site is stable, and unique on its host. */
  info(): DeviceBlock {
    const { client, name, node } = this;
    const id = client ? `${new URL(withoutZone(client.baseUrl).url).host}/${client.accId}` : node.id;
    return { id, vendor: 'powerflex', model: 'site', name: name || id };
  }

  /**
   * Runs a call, counting it for the diagnostics.
   *
   * @throws DeviceError the configuration's problem, or what the call throws
   */
  async run<T>(call: (client: PowerflexClient) => Promise<T>): Promise<T> {
    if (!this.client) throw this.problem ?? noSite();
    this.counts.calls++;
    try {
      return await call(this.client);
    } catch (thrown) {
      const { code, message } = toDeviceError(thrown);
      this.counts.failures++;
      this.recentErrors.push({ time: new Date().toISOString(), code, message });
      if (this.recentErrors.length > MOST_ERRORS) this.recentErrors.shift();
      throw thrown;
    }
  }

  /**
   * As `run`, one after the other: of two changes on their way at once, the last to arrive would win.
   *
   * @throws DeviceError RATE_LIMITED when too many wait
   */
  change<T>(call: (client: PowerflexClient) => Promise<T>): Promise<T> {
    return this.changes.run(() => this.run(call));
  }

  diagnostics(): DiagnosticsPart {
    return {
      settings: { ...this.settings },
      secrets: this.client?.secrets() ?? [],
      problem: this.problem?.message ?? null,
      ...this.counts,
      recentErrors: [...this.recentErrors],
    };
  }
}

/** The site of a config node, or `undefined` when none is chosen, it is disabled or of another type. */
export function findSite(RED: NodeAPI, id: string | undefined): PowerflexSite | undefined {
  const found = id ? (RED.nodes.getNode(id) as PowerflexSiteNode | null | undefined) : undefined;
  return found?.type === SITE_TYPE ? found.site : undefined;
}

export function noSite(): DeviceError {
  return invalidInput('No site is selected, or it is disabled.', 'noSite');
}
