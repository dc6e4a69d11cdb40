import { nodeType } from '../shared/node-type';
import type * as runtime from './ups-status.runtime';

export = nodeType('ups-status', {
  load: () => require('./ups-status.runtime') as typeof runtime,
});
