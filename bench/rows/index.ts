import type { Row } from '../support/row';
import { heap } from './heap';
import { history } from './history';
import { measurements } from './measurements';
import { polling } from './polling';
import { push } from './push';
import { startup } from './startup';
import { switching } from './switching';
import { telemetry } from './telemetry';
import { thousand } from './thousand';

/** In the order of the table. */
export const ROWS: readonly Row[] = [
  polling,
  thousand,
  heap,
  push,
  measurements,
  history,
  telemetry,
  switching,
  startup,
];
