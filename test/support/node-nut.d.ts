/** npm's client of Network UPS Tools, which has no types of its own. */
declare module 'node-nut' {
  import type { EventEmitter } from 'node:events';

  class Nut extends EventEmitter {
    constructor(port: number, host: string);
    start(): void;
    close(): void;
    GetUPSList(callback: (list: Record<string, string>, error: unknown) => void): void;
    GetUPSVars(ups: string, callback: (variables: Record<string, string>, error: unknown) => void): void;
    GetUPSCommands(ups: string, callback: (commands: string[], error: unknown) => void): void;
  }
  export = Nut;
}
