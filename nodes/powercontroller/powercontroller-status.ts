import { nodeType } from '../shared/node-type';
import type * as runtime from './powercontroller-status.runtime';

export = nodeType('powercontroller-status', {
  load: () => require('./powercontroller-status.runtime') as typeof runtime,
});
