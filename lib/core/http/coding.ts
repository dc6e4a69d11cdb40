import type { Transform } from 'node:stream';
import zlib from 'node:zlib';

import { DeviceError } from '../errors';
import type { Sending } from './sending';

/** No honest server puts more codings than this on one body. */
const MAX_CODINGS = 3;

/** @param first byte of the coded body */
type MakeDecoder = (first: number) => Transform;

/** No coding: the word for none, and what small servers write there by mistake, such as the character set. */
const NO_CODING = new Set(['', 'identity', 'none', 'utf-8', 'utf8', 'us-ascii', '7bit', '8bit', 'binary']);

const gunzip: MakeDecoder = () => zlib.createGunzip();

const DECODERS: ReadonlyMap<string, MakeDecoder> = new Map<string, MakeDecoder>([
  ['gzip', gunzip],
  ['x-gzip', gunzip],
  // With a header of its own, as meant, or without, as some send it; the header's first byte ends in 8.
  ['deflate', (first) => ((first & 0x0f) === 8 ? zlib.createInflate() : zlib.createInflateRaw())],
  ['br', () => zlib.createBrotliDecompress()],
]);

/**
 * How a body is coded, innermost first.
 *
 * @param header `content-encoding`
 * @returns empty: not at all
 * @throws DeviceError BAD_RESPONSE `coded` for a coding that is unknown here
 */
export function codingsOf(header: string | undefined): string[] {
  if (header === undefined) return [];
  const names = header
    .slice(0, 200)
    .toLowerCase()
    .split(',')
    .map((name) => name.trim())
    .filter((name) => !NO_CODING.has(name));
  const unknown = names.find((name) => !DECODERS.has(name));
  if (unknown !== undefined || names.length > MAX_CODINGS) {
    throw coded((unknown ?? names.join(' ')).replace(/[^a-z0-9 _-]/g, '?').slice(0, 32));
  }
  return names;
}

function coded(coding: string): DeviceError {
  return new DeviceError(
    'BAD_RESPONSE',
    `The answer is coded (${coding}), although that was not asked for, and cannot be read.`,
    { reason: 'coded', sent: true, params: { coding } },
  );
}

/** Where the coded bytes come from, and where the body goes. */
export interface DecoderEnds {
  source: Pick<Sending, 'pause' | 'resume'>;
  onData: (chunk: Buffer) => void;
  onEnd: () => void;
  onError: (error: DeviceError) => void;
}

/**
 * Decodes a body as it arrives. No more is read from the source than the reader takes, so what a small body blows up to
 * does not fill the memory; how long it may get is for the reader to decide.
 */
export class BodyDecoder {
  private stages: Transform[] = [];

  constructor(
    private readonly codings: readonly string[],
    private readonly ends: DecoderEnds,
  ) {}

  write(chunk: Buffer): void {
    if (chunk.length === 0) return;
    if (this.stages.length === 0) this.begin(chunk[0] ?? 0);
    const [entry] = this.stages;
    if (!entry || entry.write(chunk)) return;
    this.ends.source.pause();
    entry.once('drain', () => this.ends.source.resume());
  }

  end(): void {
    const [entry] = this.stages;
    // An empty body is not coded, whatever its head says.
    if (entry) entry.end();
    else this.ends.onEnd();
  }

  pause(): void {
    this.stages.at(-1)?.pause();
  }

  resume(): void {
    this.stages.at(-1)?.resume();
  }

  destroy(): void {
    for (const stage of this.stages) stage.destroy();
  }

  /** The last coding was put on last, and comes off first. Only of the outermost is the first byte known. */
  private begin(first: number): void {
    this.stages = this.codings
      .toReversed()
      .map((name, index) => DECODERS.get(name)?.(index === 0 ? first : 8))
      .filter((stage) => stage !== undefined);
    const failed = (): void => this.ends.onError(coded(this.codings.join(' ')));
    this.stages.forEach((stage, index) => {
      stage.on('error', failed);
      const next = this.stages[index + 1];
      if (next) stage.pipe(next);
      else stage.on('data', this.ends.onData).on('end', this.ends.onEnd);
    });
  }
}
