import type { Row } from '../support/row';
import { heap } from './heap';
import { polling } from './polling';
import { startup } from './startup';
import { thousand } from './thousand';

/** In the order of the table. */
export const ROWS: readonly Row[] = [polling, thousand, heap, startup];
