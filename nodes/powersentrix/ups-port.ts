import { nodeType } from '../shared/node-type';
import type * as runtime from './ups-port.runtime';

export = nodeType('ups-port', {
  load: () => require('./ups-port.runtime') as typeof runtime,
});
