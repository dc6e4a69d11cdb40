import { isRecord, toNumber } from '../core/units';

/** What a UPS tells about itself, as it came: the body of `setUpsData`, of fn=2 and of `getUpsComplexObject`. */
export interface ComplexObject {
  config: Record<string, unknown>;
  upsData: Record<string, unknown>;
}

type Check = (value: unknown) => boolean;

const number: Check = (value) => toNumber(value) !== null;
const record: Check = isRecord;
/** What is read on its own and tells nothing of the rest: in another form it counts as missing. */
const scalar: Check = (value) => typeof value !== 'object';
const text: Check = (value) => typeof value === 'string';
const list =
  (item: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every((one) => one === null || item(one));
type Checks = readonly (readonly [name: string, check: Check])[];
const fields = (byName: Readonly<Record<string, Check>>): Check => {
  const checks = Object.entries(byName);
  return (value) => isRecord(value) && wrongField(value, checks) === undefined;
};

/** The first field with a wrong form; `undefined`: none. A missing one or a null is no fault. */
function wrongField(object: Record<string, unknown>, checks: Checks): string | undefined {
  for (const [name, check] of checks) {
    const value = object[name];
    if (value !== undefined && value !== null && !check(value)) return name;
  }
  return undefined;
}

const IDENT = fields({ sn: scalar, type: scalar, comFirmware: scalar, mainFirmware: scalar });

/**
 * The parts that are read, each with its form. Only what stands
 * for the state of the whole UPS is held strictly: a firmware that writes its uptime as a number is still a UPS.
 */
const CONFIG = Object.entries({
  settings: fields({ timezone: scalar, forcePowerFromBatteries: scalar }),
  outputs: list(fields({ id: number, description: scalar, status: text, voltage: scalar })),
  extraActions: list(record),
  ident: IDENT,
} satisfies Record<string, Check>);
const UPS_DATA = Object.entries({
  voltages: list(number),
  currents: list(number),
  outputs: list(number),
  ventilation: scalar,
  uptime: scalar,
  temps: fields({ board: scalar, mcu: scalar }),
  ps: list(fields({ main: number, load: number, batt: number, buv: number, cell: list(number) })),
} satisfies Record<string, Check>);

function faultIn(object: Record<string, unknown>, checks: Checks, at: string): string | undefined {
  const name = wrongField(object, checks);
  return name === undefined ? undefined : `${at}.${name}`;
}

/**
 * Looks whether a parsed body is a UPS's status.
 *
 * @returns the object, or the name of the part that is wrong
 */
export function readComplex(body: unknown): { complex: ComplexObject } | { fault: string } {
  if (!isRecord(body)) return { fault: 'body' };
  const { config, upsData } = body;
  if (config === undefined && upsData === undefined) return { fault: 'config, upsData' };
  if (config !== undefined && !isRecord(config)) return { fault: 'config' };
  if (upsData !== undefined && !isRecord(upsData)) return { fault: 'upsData' };
  const fault = faultIn(config ?? {}, CONFIG, 'config') ?? faultIn(upsData ?? {}, UPS_DATA, 'upsData');
  return fault === undefined ? { complex: { config: config ?? {}, upsData: upsData ?? {} } } : { fault };
}

/** Whether a parsed body is what `setNewUps` and fn=1 tell: at least a serial number or a model. */
export function isIdent(body: unknown): body is Record<string, unknown> {
  return isRecord(body) && IDENT(body) && (typeof body.sn === 'string' || typeof body.type === 'string');
}
