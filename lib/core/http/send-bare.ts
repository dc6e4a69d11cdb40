import type { ClientRequest, IncomingMessage } from 'node:http';

import { COMMON_HEADERS, nodeRequest, type Outgoing, type Progress, type Sending } from './sending';

/** One request over Node's own client, with nothing in between. */
class BareSending implements Sending {
  private response: IncomingMessage | undefined;
  private isDestroyed = false;

  constructor(
    private readonly request: ClientRequest,
    private readonly progress: Progress,
  ) {
    request.on('error', this.onError);
    request.on('response', this.onResponse);
    request.on('close', this.onClose);
  }

  get destroyed(): boolean {
    return this.isDestroyed;
  }

  pause(): void {
    this.response?.pause();
  }

  resume(): void {
    this.response?.resume();
  }

  destroy(): void {
    if (this.isDestroyed) return;
    this.isDestroyed = true;
    this.request.destroy();
  }

  private readonly onResponse = (response: IncomingMessage): void => {
    const { progress } = this;
    this.response = response;
    response.on('error', progress.onFailure);
    response.on('close', () => progress.onFailure({}));
    progress.onHead({ status: response.statusCode ?? 0, headers: response.headers });
    if (this.isDestroyed) return;
    response.on('data', progress.onData);
    response.on('end', progress.onEnd);
  };

  /** Node complains of what stands behind a response as well. That one is complete, and will be read to its end. */
  private readonly onError = (error: unknown): void => {
    if (!this.response?.complete) this.progress.onFailure(error);
  };

  /** The connection may end while a response that came as a whole is still being read. */
  private readonly onClose = (): void => {
    if (!this.response) this.progress.onFailure({});
  };
}

/** A request that could not be made at all. */
const NOT_SENT: Sending = { destroyed: true, pause: ignore, resume: ignore, destroy: ignore };

function ignore(): void {
  // There is nothing under way.
}

/** Sends over Node's own client. */
export function sendBare({ agents, body, lenient, ...outgoing }: Outgoing, progress: Progress): Sending {
  let request: ClientRequest;
  try {
    request = nodeRequest({
      ...outgoing,
      headers: { ...COMMON_HEADERS, ...outgoing.headers },
      agent: outgoing.target.secure ? agents.https : agents.http,
      lenient,
    });
  } catch (error) {
    // Node refuses what cannot be written, such as a line break in a header.
    process.nextTick(progress.onFailure, error);
    return NOT_SENT;
  }
  progress.onRequest(request);
  const sending = new BareSending(request, progress);
  request.end(body);
  return sending;
}
