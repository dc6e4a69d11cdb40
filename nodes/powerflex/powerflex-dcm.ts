import { nodeType } from '../shared/node-type';
import type * as runtime from './powerflex-dcm.runtime';

export = nodeType('powerflex-dcm', {
  load: () => require('./powerflex-dcm.runtime') as typeof runtime,
});
