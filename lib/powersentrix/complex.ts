import { isRecord, toNumber } from '../core/values';

/** What a UPS tells about itself, as it came: the body of `setUpsData`, of fn=2 and of `getUpsComplexObject`. */
export interface ComplexObject {
  config: Record<string, unknown>;
  upsData: Record<string, unknown>;
}

/** A status that can be read, and the parts of it that cannot, e.g. `upsData.ps[1].main`; eight names at most. */
export interface ReadComplex {
  complex: ComplexObject;
  odd: readonly string[];
}

/** More oddities of one status are not named. */
const MAX_NAMED = 8;

/** Names what is odd in a value, each by its path from the value on; an empty path is the value itself. */
type Look = (value: unknown) => readonly string[];
type Looks = readonly (readonly [name: string, look: Look])[];

const NONE: readonly string[] = [];
const ITSELF: readonly string[] = [''];

/** A missing value and a null are not odd: they are missing. */
const isMissing = (value: unknown): value is null | undefined => value === undefined || value === null;

const where =
  (fits: (value: unknown) => boolean): Look =>
  (value) =>
    isMissing(value) || fits(value) ? NONE : ITSELF;

const number = where((value) => toNumber(value) !== null);
const record = where(isRecord);
/** What is read on its own and tells nothing of the rest. */
const scalar = where((value) => typeof value !== 'object');
const text = where((value) => typeof value === 'string');

/** A list in which every entry is odd is odd itself. */
const list =
  (item: Look): Look =>
  (value) => {
    if (isMissing(value)) return NONE;
    if (!Array.isArray(value)) return ITSELF;
    const entries = value as unknown[];
    let found = NONE;
    let lost = 0;
    entries.forEach((entry, index) => {
      const odd = item(entry);
      if (odd === NONE) return;
      if (odd.includes('')) lost++;
      if (found.length < MAX_NAMED) found = [...found, ...odd.map((path) => `[${index}]${path}`)];
    });
    return lost > 0 && lost === entries.length ? ITSELF : found;
  };

/** Looks into the parts that are read; what else an object holds is not looked at. */
function lookInto(object: Record<string, unknown>, looks: Looks): readonly string[] {
  let found = NONE;
  for (const [name, look] of looks) {
    const odd = look(object[name]);
    if (odd !== NONE) found = [...found, ...odd.map((path) => `.${name}${path}`)];
  }
  return found;
}

/** Whether a part that is read is there and can be. */
const hasUsable = (object: Record<string, unknown>, looks: Looks): boolean =>
  looks.some(([name, look]) => !isMissing(object[name]) && !look(object[name]).includes(''));

/** An object whose parts are all odd is odd itself. */
const fields = (byName: Readonly<Record<string, Look>>): Look => {
  const looks = Object.entries(byName);
  return (value) => {
    if (isMissing(value)) return NONE;
    if (!isRecord(value)) return ITSELF;
    const odd = lookInto(value, looks);
    return odd === NONE || hasUsable(value, looks) ? odd : ITSELF;
  };
};

const IDENT = fields({ sn: scalar, type: scalar, comFirmware: scalar, mainFirmware: scalar });

/** The parts that are read, each with its form. */
const CONFIG = Object.entries({
  settings: fields({ timezone: scalar, forcePowerFromBatteries: scalar }),
  outputs: list(fields({ id: number, description: scalar, status: text, voltage: scalar })),
  extraActions: list(record),
  ident: IDENT,
} satisfies Record<string, Look>);
const UPS_DATA = Object.entries({
  voltages: list(number),
  currents: list(number),
  outputs: list(number),
  ventilation: scalar,
  uptime: scalar,
  temps: fields({ board: scalar, mcu: scalar }),
  ps: list(fields({ main: number, load: number, batt: number, buv: number, cell: list(number) })),
} satisfies Record<string, Look>);

/**
 * Looks whether a parsed body is a UPS's status. A part in another form than the vendor's counts as missing: a mains
 * failure must not be lost because a temperature is odd beside it.
 *
 * @returns the object and the names of what is odd in it; or, when there is something and nothing of it can be read,
 *   the name of the part that is wrong
 */
export function readComplex(body: unknown): ReadComplex | { fault: string } {
  if (!isRecord(body)) return { fault: 'body' };
  const { config, upsData } = body;
  if (isMissing(config) && isMissing(upsData)) return { fault: 'config, upsData' };
  const complex = { config: isRecord(config) ? config : {}, upsData: isRecord(upsData) ? upsData : {} };
  const inConfig = isMissing(config) || isRecord(config) ? lookInto(complex.config, CONFIG) : ITSELF;
  const inData = isMissing(upsData) || isRecord(upsData) ? lookInto(complex.upsData, UPS_DATA) : ITSELF;
  if (inConfig === NONE && inData === NONE) return { complex, odd: NONE };
  const odd = [...inConfig.map((path) => `config${path}`), ...inData.map((path) => `upsData${path}`)];
  if (!hasUsable(complex.config, CONFIG) && !hasUsable(complex.upsData, UPS_DATA)) {
    return { fault: odd[0] ?? 'body' };
  }
  return { complex, odd: odd.slice(0, MAX_NAMED) };
}

/** The names of what is odd in a status that was read; a part of it that was kept tells them too. */
export function oddPartsOf(complex: ComplexObject): readonly string[] {
  const read = readComplex(complex);
  return 'odd' in read ? read.odd : NONE;
}

/** Whether a parsed body is what `setNewUps` and fn=1 tell: at least a serial number or a model. */
export function isIdent(body: unknown): body is Record<string, unknown> {
  return isRecord(body) && (typeof body.sn === 'string' || typeof body.type === 'string');
}
