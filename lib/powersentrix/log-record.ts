/** One record of the event log, pushed or pulled, as it came. */
export interface LogRecord {
  /** the UPS's own number of a pushed record */
  ord: number | null;
  /** the cloud's number of a pulled record */
  id: number | null;
  cmm: string | null;
  code: string;
  description: string;
  params: unknown;
  /** the raw text, in the device's local time; `null`: it tells none */
  localTime: string | null;
}
