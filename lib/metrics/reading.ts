import type { MetricDefinition } from './definitions';

/** What one message tells, before anything is made of it. */

/** Whom it tells about. */
export interface MetricDevice {
  vendor: string;
  /** as it goes out: cleaned, and still one for each device */
  id: string;
  name: string;
}

export interface Sample {
  definition: MetricDefinition;
  /** where it is in the payload: `outputs[3].power` */
  place: string;
  /** values of the definition's own labels, in their order */
  labels: readonly string[];
  /** in the package's unit; `null`: it is not known any more */
  value: number | null;
}

export interface MetricReading {
  device: MetricDevice;
  /** epoch ms that the message tells; `null`: now */
  time: number | null;
  /** an availability message */
  available?: boolean;
  /**
   * A reading replaces the one before it of the same scope as a whole, so that what did not arrive is not told any more;
   * with `partial` a value stays until there is another one.
   */
  scope: string;
  partial?: true;
  /** one of a list, which may be of the past */
  history?: true;
  samples: readonly Sample[];
}
