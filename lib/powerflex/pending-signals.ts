import { isRecord } from '../core/values';
import { type ExternalSignal, readSignal } from './dcm';

/** Signals that are taken over at the most, and values of each. */
const MOST_PENDING = 1000;
const MOST_OURS = 20;

/** A value that the server was given, or that it told in answer to one. */
export interface Ours {
  value: ExternalSignal;
  /** decimals that it keeps at least: of a value that it repeated, it keeps some */
  decimals: number;
}

/** A signal that is still to be put back; plain data. */
export interface PendingSignal {
  name: string;
  /** `null`: there was no such signal */
  before: ExternalSignal | null;
  ours: Ours[];
  /** ms until it is to be put back */
  left: number;
}

/** Reads what another process has kept, where anything may stand: what is no state of a signal is left out. */
export function pendingSignals(stored: unknown): PendingSignal[] {
  if (!Array.isArray(stored)) return [];
  return (stored as unknown[]).slice(0, MOST_PENDING).flatMap((one) => {
    if (!isRecord(one) || !Array.isArray(one.ours)) return [];
    const { name, left } = one;
    const before = one.before === null ? null : storedSignal(one.before, name);
    const ours = (one.ours as unknown[]).slice(0, MOST_OURS).flatMap((given) => {
      const value = isRecord(given) ? storedSignal(given.value, name) : undefined;
      return value && isRecord(given) ? [{ value, decimals: given.decimals === 1 ? 1 : 0 }] : [];
    });
    if (typeof name !== 'string' || before === undefined || typeof left !== 'number') return [];
    return ours.length > 0 && Number.isFinite(left) ? [{ name, before, ours, left }] : [];
  });
}

/** @returns `undefined`: it is none of this name */
function storedSignal(value: unknown, name: unknown): ExternalSignal | undefined {
  if (!isRecord(value) || value.name !== name) return undefined;
  const { maxLoad, maxLoadUnit, enabled } = value;
  try {
    // Whatever the server may hold may have been kept.
    return readSignal({ name, max_load: maxLoad, max_load_unit: maxLoadUnit, is_enabled: enabled });
  } catch {
    return undefined;
  }
}
