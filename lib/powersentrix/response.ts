import { DeviceError } from '../core/errors';
import { parseForeignJson } from '../core/json/parse';
import { cleanText, type Redactor } from '../core/redact';
import { isRecord } from '../core/values';
import { type ComplexObject, readComplex } from './complex';

/** The vendor's own words in a response, wherever it puts them. */
export function wordsOf(body: unknown): string | undefined {
  if (!isRecord(body)) return undefined;
  const found = [body.message, body.responseMessage, body.error].find(
    (word) => typeof word === 'string' && word !== '',
  );
  return typeof found === 'string' ? found : undefined;
}

const TOKEN = /invalid authorization token/i;
// Whole statements, not single words: "no response from the UPS (apiKey …)" and "write timeout" are no refusals, and the
// command that they answer may have been carried out.
const KEY = [
  /unauthori[sz]ed/i,
  /(?:invalid|wrong|unknown|bad|missing) api[\s_-]?key/i,
  /api[\s_-]?key (?:is )?(?:invalid|wrong|unknown|missing|not (?:valid|found))/i,
];
const WRITE =
  /not (?:allowed|permitted)|forbidden|(?:no|missing|denied|insufficient) permission|permission (?:is )?(?:missing|denied)|write actions? (?:is |are )?(?:not|disabled)/i;

/** The hint that solves nearly every refused command. */
export function notPermitted(status?: number): DeviceError {
  return new DeviceError(
    'FORBIDDEN',
    'The UPS does not let this API key switch. In its web management, tick "Enable API Write Actions" in the profile ' +
      "of the key's user.",
    { reason: 'powersentrixWriteNotPermitted', sent: true, ...(status === undefined ? {} : { status }) },
  );
}

/** The error for a response with status 200 whose words are not OK. */
export function errorFromWords(words: string, redact: Redactor): DeviceError {
  const message = cleanText(words, redact);
  if (TOKEN.test(words)) {
    return new DeviceError('AUTH_FAILED', 'The token was refused.', {
      reason: 'powersentrixTokenRefused',
      sent: true,
    });
  }
  if (WRITE.test(words)) return notPermitted();
  if (KEY.some((key) => key.test(words))) {
    return new DeviceError('AUTH_FAILED', 'The UPS refuses the API key.', {
      reason: 'powersentrixKeyRefused',
      sent: true,
    });
  }
  return new DeviceError('REJECTED', `PowerSentrix says: ${message}`, {
    reason: 'powersentrixSaid',
    sent: true,
    params: { message },
  });
}

/**
 * Takes the `{ responseMessage, responseObject }` wrapper off a response; a bare one passes.
 *
 * @throws DeviceError when the message is not OK, or the response is a bare error object
 */
export function unwrap(body: unknown, redact: Redactor): unknown {
  if (!isRecord(body)) return body;
  if ('responseMessage' in body) {
    const { responseMessage, responseObject } = body;
    if (typeof responseMessage !== 'string' || responseMessage.toUpperCase() !== 'OK') {
      throw errorFromWords(typeof responseMessage === 'string' ? responseMessage : 'no message', redact);
    }
    return 'responseObject' in body ? responseObject : body;
  }
  const names = Object.keys(body);
  const words = wordsOf(body);
  if (words !== undefined && names.length <= 3 && !('id' in body)) throw errorFromWords(words, redact);
  return body;
}

/**
 * Parses the response to a command that switches. It has to be understood exactly, so nothing is overlooked in it that is
 * in a reading: neither a byte order mark nor a `nan`.
 *
 * @returns `undefined` for an empty one
 * @throws DeviceError BAD_RESPONSE
 */
export function parseStrictly(body: Buffer): unknown {
  if (body.length === 0) return undefined;
  const text = body.toString('utf8');
  const value = parseForeignJson(text, { strict: true });
  try {
    JSON.parse(text);
  } catch {
    throw wrongShape('JSON');
  }
  return value;
}

/**
 * A list in a response; `null` in its place is an empty one.
 *
 * @throws DeviceError BAD_RESPONSE
 */
export function listIn(body: unknown, part: string): readonly unknown[] {
  if (body === null) return [];
  if (!Array.isArray(body)) throw wrongShape(part);
  return body;
}

/** @throws DeviceError BAD_RESPONSE */
export function expectComplex(body: unknown): ComplexObject {
  const read = readComplex(body);
  if ('complex' in read) return read.complex;
  throw wrongShape(read.fault);
}

/** The error for a response of a shape that the vendor does not document. */
export function wrongShape(part: string): DeviceError {
  return new DeviceError(
    'BAD_RESPONSE',
    `This is not what a PowerSentrix UPS answers: ${part} is missing or wrong.`,
    {
      reason: 'powersentrixShape',
      sent: true,
      params: { part },
    },
  );
}
