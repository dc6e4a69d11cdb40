import { UpsModel, type UpsModelOptions } from './powersentrix/model';
import { Pusher, type PusherOptions } from './powersentrix/pusher';
import { controlRoutes } from './support/control';
import { Faults, startHttp, type SimReply, type SimRequest, type SimServer } from './support/server';

export { startPowersentrixCloud, type PowersentrixCloud } from './powersentrix/cloud';
export { UpsModel } from './powersentrix/model';
export { Pusher } from './powersentrix/pusher';

export interface PowersentrixOptions extends UpsModelOptions {
  /** Default: any free port. */
  port?: number;
  apiKey?: string;
  /** Whether *Enable API Write Actions* is ticked; default true. */
  writeActions?: boolean;
  /** Answers in the `{responseMessage, responseObject}` wrapper. */
  wrapped?: boolean;
  /** Pushes to a monitoring server too. */
  push?: PusherOptions;
}

export interface PowersentrixSimulator {
  /** The UPS's own address. */
  readonly url: string;
  readonly apiKey: string;
  readonly http: SimServer;
  readonly faults: Faults;
  readonly model: UpsModel;
  readonly pusher: Pusher | undefined;
  writeActions: boolean;
  close(): Promise<void>;
}

/** The port of `param1`; undefined when there is none like that. */
function portIn(request: SimRequest): number | undefined {
  const text = request.query.get('param1') ?? '';
  return /^(?:\d|1[01])$/.test(text) ? Number(text) : undefined;
}

/** Faults of the UPS itself, as its control route receives them. */
function applyFault(model: UpsModel, fault: Record<string, unknown>, pusher: Pusher | undefined): boolean {
  switch (fault.kind) {
    case 'register':
      if (!pusher) throw new Error('this UPS does not push');
      void pusher.register();
      return true;
    case 'mains':
      if (typeof fault.on !== 'boolean') throw new Error('"on" must be true or false');
      model.setMains(fault.on);
      return true;
    case 'charge':
      if (typeof fault.share !== 'number') throw new Error('"share" must be a number from 0 to 1');
      model.charge = fault.share;
      return true;
    case 'temperature':
      if (typeof fault.board !== 'number') throw new Error('"board" must be °C');
      model.temperatures.board = fault.board;
      return true;
    case 'weakBlock':
      if (typeof fault.centivolts !== 'number') throw new Error('"centivolts" must be a number');
      model.weakBlock = fault.centivolts;
      return true;
    case 'odd':
      if (typeof fault.upsData !== 'object' || fault.upsData === null)
        throw new Error('"upsData" must be an object');
      model.odd = { ...fault.upsData };
      return true;
    default:
      return false;
  }
}

/**
 * Starts a simulated PWX-12-4422 on loopback: its own interface `/api_actions` (fn=1…5), and pushes to a monitoring
 * server where `push` says so. The fault `odd` replaces parts of `upsData`: `{"kind":"odd","upsData":{"ps":[]}}`. Control routes `POST /_sim/fault` (kinds `mains`, `charge`, `temperature`, `weakBlock`, `odd`, `register`
 * and those of every simulator) and `POST /_sim/clear`.
 */
export async function startPowersentrix(options: PowersentrixOptions = {}): Promise<PowersentrixSimulator> {
  const model = new UpsModel(options);
  const faults = new Faults();
  const pusher = options.push && new Pusher(model, options.push);
  const apiKey = options.apiKey ?? 'sim-key-5!f(3) a+9';
  const respond = (responseObject: unknown): SimReply => ({
    json: options.wrapped ? { responseMessage: 'OK', responseObject } : responseObject,
  });
  const simulator = { writeActions: options.writeActions ?? true };

  const act = (request: SimRequest, work: (port: number) => boolean): SimReply => {
    if (!simulator.writeActions) return { status: 403, json: { error: 'API write actions are not enabled' } };
    const port = portIn(request);
    if (port === undefined) return { status: 400, json: { error: 'param1' } };
    return { json: { info: work(port) ? 1 : 0 } };
  };
  const handle = (request: SimRequest): SimReply => {
    if (request.path !== '/api_actions' || request.method !== 'GET') return { status: 404 };
    if (request.query.get('apiKey') !== apiKey) return { status: 401, json: { error: 'Unauthorized' } };
    switch (request.query.get('fn')) {
      case '1':
        return respond(model.ident());
      case '2':
        return respond(model.complex());
      case '3':
        return act(request, (port) => {
          model.toggle(port);
          return true;
        });
      case '4':
        return act(request, (port) => model.restart(port));
      case '5':
        return act(request, (port) => {
          model.describe(port, request.query.get('param2') ?? '');
          return true;
        });
      default:
        return { status: 400, json: { error: 'fn' } };
    }
  };

  const http = await startHttp(handle, {
    ...(options.port === undefined ? {} : { port: options.port }),
    faults,
    control: controlRoutes(
      faults,
      (fault) => applyFault(model, fault, pusher),
      () => {
        faults.clear();
        model.setMains(true);
        model.temperatures.board = 42;
        model.weakBlock = 0;
        model.odd = {};
      },
    ),
  });
  if (pusher) void pusher.boot();

  return Object.assign(simulator, {
    url: http.url,
    apiKey,
    http,
    faults,
    model,
    pusher,
    close: async (): Promise<void> => {
      pusher?.close();
      model.close();
      await http.close();
    },
  });
}
