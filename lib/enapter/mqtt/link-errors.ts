import { DeviceError, type DeviceErrorOptions } from '../../core/errors';
import { tlsError, tlsFault, type TlsFault } from '../../core/http/tls-errors';

/** CONNACK codes of MQTT 3.1.1 and 5 by which a broker says that the credentials do not suffice */
const REFUSED_LOGIN = new Set([4, 5, 134, 135]);
/** CONNACK codes by which a broker says that it does not speak this version */
const REFUSED_VERSION = new Set([1, 132]);
/** What our own reader says of a packet that it does not take; see `PacketFilter`. */
export const TOO_LONG = 'ENAPTER_TOO_LONG';

function codeOf(error: unknown): string | number {
  const code: unknown = typeof error === 'object' && error !== null ? Reflect.get(error, 'code') : undefined;
  return typeof code === 'string' || typeof code === 'number' ? code : '';
}

/** Those whose shared words do not fit: here the configuration decides whom to trust. */
function explainTls(fault: TlsFault): DeviceError {
  const { reason, code } = fault;
  if (reason === 'tlsUnknownCa') {
    return broken(
      `The certificate of the broker comes from another authority than the configuration's (${code}). They do not belong together.`,
      { reason: 'enapterUnknownCa', params: { code } },
    );
  }
  if (reason === 'tls') {
    return broken(
      `The TLS connection to the broker was refused (${code}). The configuration and the broker do not belong together.`,
      { reason: 'enapterTls', params: { code } },
    );
  }
  return tlsError(fault, false);
}

function explainRefusal(code: number): DeviceError | undefined {
  if (REFUSED_LOGIN.has(code)) {
    return new DeviceError('AUTH_FAILED', 'The broker refuses the configuration. Generate a new one.', {
      reason: 'enapterBrokerRefused',
      sent: false,
    });
  }
  if (REFUSED_VERSION.has(code)) {
    return new DeviceError('NOT_SUPPORTED', 'The broker does not speak this version of MQTT.', {
      reason: 'enapterVersion',
      sent: false,
    });
  }
  return undefined;
}

function broken(message: string, options: DeviceErrorOptions): DeviceError {
  return new DeviceError('UNREACHABLE', message, { sent: false, ...options });
}

/**
 * The error for a connection that ended; the foreign error is read, never kept.
 *
 * @param own what is wrong with our own certificate, which many brokers answer by closing the connection without a word
 */
export function explain(error: unknown, own?: TlsFault): DeviceError {
  const code = codeOf(error);
  const refusal = typeof code === 'number' ? explainRefusal(code) : undefined;
  if (refusal) return refusal;
  const fault = tlsFault(error);
  // Brokers say no more of one that is not valid yet than that it is bad.
  if (fault) return own && fault.reason === 'tlsOwnRefused' ? tlsError(own, false) : explainTls(fault);
  switch (code) {
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return broken('No such host. Set another host, or use its IP.', { reason: 'enapterNoHost' });
    case 'ECONNREFUSED':
      return broken('Nothing listens at the address and port of the broker.', {
        reason: 'refusedConnection',
      });
    case TOO_LONG:
      return new DeviceError('BAD_RESPONSE', 'What the broker sends is longer than any command.', {
        reason: 'enapterTooMuch',
      });
  }
  if (own) return tlsError(own, false);
  return new DeviceError('UNREACHABLE', 'The connection to the broker is lost.', { reason: 'enapterLost' });
}
