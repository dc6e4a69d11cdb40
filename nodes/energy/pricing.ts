import { invalidInput } from '../../lib/core/errors';
import { toNumber } from '../../lib/core/values';
import { parseHourRows } from '../../lib/energy/hours';
import { parsePriceList, type PriceRow, type Prices, type Pricing } from '../../lib/energy/prices';

/** What a kWh costs, as settings and messages say it. */

/** @throws DeviceError INVALID_INPUT for a table that cannot be read */
export function pricingOf(kind: Pricing['kind'], price: number, table: unknown): Pricing {
  switch (kind) {
    case 'fixed':
      return { kind, price };
    case 'table':
      return { kind, rows: parseHourRows<PriceRow>(table, 'price', { min: -1e6, max: 1e6 }) };
    default:
      return { kind };
  }
}

/**
 * What a message says of prices: checked, and not done yet.
 *
 * @param given a list, and a price from now on, with its name
 * @param zone IANA, of times without one
 * @param now epoch ms
 * @returns `undefined`: nothing
 * @throws DeviceError INVALID_INPUT
 */
export function pricesCommand(
  given: { list: unknown; current: unknown; name: string },
  zone: string,
  now: number,
  prices: () => Prices,
): (() => void) | undefined {
  const { list, current, name } = given;
  const slots = list === undefined ? undefined : parsePriceList(list, zone);
  const price = current === undefined ? undefined : toNumber(current);
  if (price === null) throw invalidInput(`"${name}" must be a number.`, 'energyPrice', { name });
  if (slots === undefined && price === undefined) return undefined;
  return () => {
    if (slots) prices().takeList(slots);
    if (price !== undefined) prices().takeCurrent(price, now);
  };
}
