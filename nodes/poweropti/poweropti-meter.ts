import { nodeType } from '../shared/node-type';
import type * as runtime from './poweropti-meter.runtime';

export = nodeType('poweropti-meter', {
  load: () => require('./poweropti-meter.runtime') as typeof runtime,
});
