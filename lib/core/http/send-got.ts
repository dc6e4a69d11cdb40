import type { ClientRequest, IncomingHttpHeaders, IncomingMessage, OutgoingHttpHeaders } from 'node:http';

import type { Got, Request, RequestFunction, StreamOptions } from 'got';

import {
  COMMON_HEADERS,
  nodeRequest,
  type Outgoing,
  type Progress,
  type Send,
  type Sending,
  targetOf,
} from './sending';

/** Hands Node what it needs and no more: the rest of got's options costs a request a quarter of its CPU time. */
function requestTo(host?: string, lenient = false): RequestFunction {
  return (url, { method, headers, agent }) =>
    nodeRequest({
      target: targetOf(url, host),
      method,
      headers: Object.assign({}, headers) as OutgoingHttpHeaders,
      agent,
      lenient,
    });
}

/** Sends over got: for logins, which are rare. It is an ES module, and takes a while to load. */
export async function loadGot(): Promise<Send> {
  const { default: got } = await import('got');
  // What every request has in common is merged and checked once, here.
  const instance = got.extend({
    request: requestTo(),
    retry: { limit: 0 },
    followRedirect: false,
    throwHttpErrors: false,
    decompress: false,
    headers: COMMON_HEADERS,
  });
  return (outgoing, progress) => sendOver(instance, outgoing, progress);
}

function optionsOf({ method, headers, body, target, agents, lenient }: Outgoing): StreamOptions {
  return {
    method: method as NonNullable<StreamOptions['method']>,
    headers: { ...headers },
    agent: agents,
    ...(body === undefined ? {} : { body }),
    ...(target.named === undefined && !lenient ? {} : { request: requestTo(target.host, lenient) }),
  };
}

function sendOver(got: Got, outgoing: Outgoing, progress: Progress): Sending {
  const stream: Request = got.stream(outgoing.target.href, optionsOf(outgoing));
  // got waits for the body of a method that can have one.
  if (outgoing.body === undefined && outgoing.method !== 'GET') stream.end();
  stream.on('request', (request: ClientRequest) => {
    progress.onRequest(request);
    request.once('response', (response: IncomingMessage) => {
      // Node complains of what stands behind a response as well, and got forgets then what it has not read of it.
      request.prependOnceListener('error', () => {
        if (!response.complete || stream.destroyed || stream.isPaused()) return;
        while (stream.read() !== null);
        progress.onEnd();
      });
    });
  });
  stream.on('response', (response: { statusCode: number; headers: IncomingHttpHeaders }) => {
    progress.onHead({ status: response.statusCode, headers: response.headers });
    if (stream.destroyed) return;
    stream.on('data', progress.onData);
    stream.on('end', progress.onEnd);
  });
  stream.on('error', progress.onFailure);
  // got says nothing more of a response that it does not understand, such as 101.
  stream.on('close', () => progress.onFailure({}));
  return stream;
}
