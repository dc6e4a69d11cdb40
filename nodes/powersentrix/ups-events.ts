import { nodeType } from '../shared/node-type';
import type * as runtime from './ups-events.runtime';

export = nodeType('ups-events', {
  load: () => require('./ups-events.runtime') as typeof runtime,
});
