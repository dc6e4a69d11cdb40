import { DeviceError, invalidInput } from '../../lib/core/errors';
import { isRecord } from '../../lib/core/values';
import type { FlowMessage } from '../shared/messages';
import type { Portal, UpsFilter } from '../../lib/powersentrix/ways';

const LONGEST_SEARCH = 200;

/** @throws DeviceError NOT_SUPPORTED where the UPS is not one of the cloud */
export function portalOf(portal: Portal | undefined): Portal {
  if (portal) return portal;
  throw new DeviceError('NOT_SUPPORTED', 'Only the PowerSentrix cloud can tell that.', {
    reason: 'powersentrixCloudOnly',
    sent: false,
  });
}

/** Whether a message asks for the account's list. */
export function wantsList({ operation }: FlowMessage): boolean {
  return typeof operation === 'string' && operation.trim().toLowerCase() === 'list';
}

/**
 * What to look for in the account's list: `payload.searchText` and `payload.searchType`, else `msg`'s own.
 *
 * @throws DeviceError INVALID_INPUT
 */
export function filterOf(msg: FlowMessage): UpsFilter {
  const payload = isRecord(msg.payload) ? msg.payload : {};
  const filter: UpsFilter = {};
  for (const name of ['searchText', 'searchType'] as const) {
    const value = payload[name] ?? msg[name];
    if (value === undefined || value === null || value === '') continue;
    if (typeof value !== 'string' || value.length > LONGEST_SEARCH) {
      throw invalidInput(
        `${name} must be a text of at most ${LONGEST_SEARCH} characters.`,
        'powersentrixSearchInvalid',
        {
          name,
          limit: LONGEST_SEARCH,
        },
      );
    }
    filter[name] = value;
  }
  return filter;
}
