import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { projectRoot } from '../../scripts/support/project-root';

/** The parts of a `ws` client that the harness uses. */
export interface Socket {
  on(event: 'message', listener: (data: Buffer | string) => void): void;
  on(event: 'open' | 'close', listener: () => void): void;
  on(event: 'error', listener: (error: Error) => void): void;
  send(text: string): void;
  terminate(): void;
}

/** The folder of the node-red package to test with: TEST_NODE_RED, or else the development dependency. */
export function findNodeRed(): string {
  const { TEST_NODE_RED: named } = process.env;
  if (named) return named;
  return dirname(createRequire(join(projectRoot(), 'package.json')).resolve('node-red/package.json'));
}

/** The file that starts the Node-RED in `folder`. */
export function nodeRedScript(folder: string): string {
  const script = join(folder, 'red.js');
  if (!existsSync(script)) throw new Error(`${folder} is not a node-red package`);
  return script;
}

/** The module that runs the Node-RED in `folder` inside another process. */
export function nodeRedModule(folder: string): string {
  return createRequire(nodeRedScript(folder)).resolve(folder);
}

/** The module of one of Node-RED's own nodes, such as `common/25-catch.js`. */
export function nodeRedCore(file: string): unknown {
  return createRequire(nodeRedScript(findNodeRed()))(`@node-red/nodes/core/${file}`) as unknown;
}

/** Opens a WebSocket with the client that Node-RED itself brings along. @param ca PEM, that is trusted besides */
export function openSocket(url: string, ca?: string): Socket {
  const WebSocket = requireFromEditorApi('ws') as new (url: string, options: { ca?: string }) => Socket;
  return new WebSocket(url, ca === undefined ? {} : { ca });
}

/** Hashes a password the way Node-RED's adminAuth expects it. */
export function hashPassword(password: string): string {
  const bcrypt = requireFromEditorApi('bcryptjs') as { hashSync(text: string, rounds: number): string };
  // The fewest rounds there are: these passwords guard nothing.
  return bcrypt.hashSync(password, 4);
}

function requireFromEditorApi(name: string): unknown {
  // Resolved step by step from the package that declares it, so that hoisting is not relied on.
  const fromNodeRed = createRequire(nodeRedScript(findNodeRed()));
  const fromEditorApi = createRequire(fromNodeRed.resolve('@node-red/editor-api'));
  return fromEditorApi(name) as unknown;
}
