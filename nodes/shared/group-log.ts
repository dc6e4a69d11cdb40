import type { Node, NodeAPI } from 'node-red';

import type { DeviceError } from '../../lib/core/errors';
import { cleanText } from '../../lib/core/redact';
import { LogLimit } from './log-limit';
import { errorText, translate } from './text';

/** The log of one device of many. */
export type GroupLog = Pick<Node, 'log' | 'warn' | 'error'>;

export interface GroupLines {
  /** the log of the device of this name */
  of: (name: () => string) => GroupLog;
  /** of all of them */
  warn: (error: DeviceError) => void;
}

/**
 * The log of a config node that looks after many devices: each line names its device, and when all of them are lost at once,
 * not each of them is told.
 */
export function groupLog(RED: NodeAPI, node: Node): GroupLines {
  const lines = new LogLimit();
  const warn = (text: string): void => {
    const untold = lines.admit();
    if (untold === undefined) return;
    const more = untold === 0 ? '' : ` ${translate(RED, 'log.linesUntold', { count: untold })}`;
    node.warn(text + more);
  };
  return {
    of: (name) => {
      const named = (text: unknown): string => `${cleanText(name())}: ${String(text)}`;
      return {
        log: (text: unknown) => node.log(named(text)),
        warn: (text: unknown) => warn(named(text)),
        error: (text: unknown) => node.error(named(text)),
      };
    },
    warn: (error) => warn(errorText(RED, error)),
  };
}
