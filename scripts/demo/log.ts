/** A log entry of Node-RED; `name` and `id` are those of the node it comes from, if any. */
interface LogEntry {
  level: number;
  msg: unknown;
  id?: string;
  name?: string;
}

function textOf(message: unknown): string {
  if (typeof message === 'string') return message;
  if (typeof message === 'object' && message !== null && 'message' in message) return String(message.message);
  return JSON.stringify(message);
}

/**
 * Settings of a Node-RED logger that writes warnings and errors, each on one line: the demo's own lines are to
 * be found among them. `expected` gives texts that say nothing to a user of the demo; it is a function because
 * Node-RED's catalogue of texts is not there yet when the settings are made.
 */
export function demoLog(expected: () => readonly string[]) {
  const ERROR = 20;
  return {
    level: 'warn' as const,
    metrics: false,
    audit: false,
    handler: () => (entry: LogEntry) => {
      const text = textOf(entry.msg);
      if (expected().includes(text)) return;
      const time = new Date().toLocaleTimeString('en-GB');
      const name = [entry.name, entry.id].find((value) => value !== undefined && value !== '');
      const source = name === undefined ? '' : `${name}: `;
      process.stdout.write(`${time} ${entry.level <= ERROR ? 'Error' : 'Warning'}: ${source}${text}\n`);
    },
  };
}
