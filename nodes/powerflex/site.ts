import type { Node, NodeAPI } from 'node-red';

import { LONGEST_TURN, SerialQueue } from '../../lib/core/command/queue';
import { type DeviceError, invalidInput } from '../../lib/core/errors';
import { withoutZone } from '../../lib/core/http/url';
import type { PowerflexClient } from '../../lib/powerflex/client';
import { ConfigReference } from '../shared/config-reference';
import type { DeviceBlock } from '../shared/messages';

export const SITE_TYPE = 'powerflex-site';

/** What a site's config node offers: one client, and so one login, for all flow nodes. */
export class PowerflexSite {
  private readonly changes = new SerialQueue({ maxWait: LONGEST_TURN });

  /**
   * @param name as the user calls it
   * @param zone IANA, where the site is; empty: where Node-RED runs
   */
  constructor(
    readonly client: PowerflexClient,
    private readonly name: string,
    readonly zone: string,
  ) {}

  /** For `msg.device`. The vendor's number of a site is stable, and unique on its host. */
  info(): DeviceBlock {
    const { client, name } = this;
    const id = `${new URL(withoutZone(client.baseUrl).url).host}/${client.accId}`;
    return { id, vendor: 'powerflex', model: 'site', name: name || id };
  }

  /**
   * Runs changes one after the other: of two on their way at once, the last to arrive would win.
   *
   * @throws DeviceError BUSY when too many wait
   */
  change<T>(call: (client: PowerflexClient) => Promise<T>, signal?: AbortSignal): Promise<T> {
    return this.changes.run(() => call(this.client), { signal });
  }

  close(): void {
    this.changes.close();
    this.client.close();
  }
}

export type SiteReference = ConfigReference<PowerflexSite>;

/** A flow node's way to its site. */
export function siteOf(
  RED: NodeAPI,
  node: Node,
  id: string,
  problem: DeviceError | undefined,
): SiteReference {
  const missing = (): DeviceError =>
    invalidInput('No site is selected, or it is disabled.', 'powerflexNoSite');
  return new ConfigReference(RED, node, { type: SITE_TYPE, id, missing, problem });
}
