import http from 'node:http';
import type { AddressInfo } from 'node:net';
import type { NodeRedApp } from 'node-red';
import { DemoError, errorCode } from './error';
import { demoLog } from './log';

/** Loopback: the demo's editor has no password. */
const HOST = '127.0.0.1';

/** Opens the port that Node-RED will use, before anything else is started. 0 takes any free one. */
export async function listen(port: number): Promise<http.Server> {
  const server = http.createServer();
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, HOST, () => {
        server.off('error', reject);
        resolve();
      });
    });
  } catch (error) {
    const other = `Start with another one: PORT=${port < 65_535 ? port + 1 : 1880} npm start`;
    if (errorCode(error) === 'EADDRINUSE') throw new DemoError(`Port ${port} is in use. ${other}`);
    if (errorCode(error) === 'EACCES') throw new DemoError(`Port ${port} may not be opened. ${other}`);
    throw error;
  }
  return server;
}

/** The port a server listens on. */
export function portOf(server: http.Server): number {
  return (server.address() as AddressInfo).port;
}

/** A message as it leaves a node. */
export interface SentMessage {
  type: string;
  name: string;
  /** Output, counted from 0. */
  output: number;
  payload: unknown;
}

/** What Node-RED warns of because the demo asks for it: no password store, no projects. */
const EXPECTED = ['nodes.credentials.unencrypted', 'storage.localfilesystem.projects.disabled'];

function settings(port: number, userDir: string, RED: NodeRedApp) {
  return {
    uiHost: HOST,
    uiPort: port,
    httpAdminRoot: '/',
    httpNodeRoot: '/',
    userDir,
    flowFile: 'flows.json',
    // The only secrets are those of simulators, and references to environment variables.
    credentialSecret: false as const,
    // Our group first: it is what the demo is about.
    editorTheme: {
      tours: false,
      palette: {
        catalogues: [],
        categories: ['energy_devices', 'subflows', 'common', 'function', 'network'],
      },
      projects: { enabled: false },
    },
    telemetry: { enabled: false },
    // Below the three seconds in which the demo has to be gone.
    nodeCloseTimeout: 2000,
    functionGlobalContext: {},
    logging: {
      console: demoLog(() => EXPECTED.map((key) => RED.log._(key))),
    },
  };
}

interface NamedNode {
  type: string;
  name?: string;
}

type Middleware = (
  request: http.IncomingMessage,
  response: http.ServerResponse,
  next: (error?: unknown) => void,
) => void;

/** Loaded only when it starts, so that a port in use is told at once. */
let running: NodeRedApp | undefined;

/**
 * Starts Node-RED on an open server. `onSend` sees every message that leaves a node, until it returns true.
 * Resolves when the editor can be opened.
 */
export async function startNodeRed(
  server: http.Server,
  userDir: string,
  onSend: (message: SentMessage) => boolean,
): Promise<void> {
  const { default: RED } = await import('node-red');
  running = RED;
  RED.init(server, settings(portOf(server), userDir, RED));
  const hook = 'onSend.energy-devices-demo';
  RED.hooks.add(
    hook,
    (events: { msg: { payload?: unknown }; source: { node: NamedNode; port: number } }[]) => {
      const done = events.some(({ msg, source }) => {
        const { type, name = '' } = source.node;
        return onSend({ type, name, output: source.port, payload: msg.payload });
      });
      if (done) RED.hooks.remove(hook);
    },
  );
  // Both are express applications, which are functions of this shape; express itself is not needed here.
  const admin = RED.httpAdmin as unknown as Middleware;
  const flows = RED.httpNode as unknown as Middleware;
  server.on('request', (request, response) => {
    const refuse = (error?: unknown) => response.writeHead(error ? 500 : 404).end();
    // What the editor does not answer belongs to the http nodes of the flow.
    admin(request, response, (error) => {
      if (error) refuse(error);
      else flows(request, response, refuse);
    });
  });
  await RED.start();
}

/** Stops the flows and the editor, then the server with whatever is still connected. */
export async function stopNodeRed(server: http.Server): Promise<void> {
  await running?.stop();
  server.close();
  server.closeAllConnections();
}
