import type { Row } from '../support/row';
import { cloud } from './cloud';
import { energy } from './energy';
import { heap } from './heap';
import { history } from './history';
import { homeAssistant } from './home-assistant';
import { measurements } from './measurements';
import { nut } from './nut';
import { polling } from './polling';
import { push } from './push';
import { scrape } from './scrape';
import { scale } from './scale';
import { startup } from './startup';
import { switching } from './switching';
import { telemetry } from './telemetry';
import { thousand } from './thousand';
import { where } from './where';

/** In the order of the table. */
export const ROWS: readonly Row[] = [
  polling,
  where,
  cloud,
  thousand,
  scale,
  heap,
  push,
  measurements,
  history,
  telemetry,
  energy,
  scrape,
  homeAssistant,
  nut,
  switching,
  startup,
];
