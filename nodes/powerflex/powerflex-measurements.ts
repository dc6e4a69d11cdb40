import { nodeType } from '../shared/node-type';
import type * as runtime from './powerflex-measurements.runtime';

export = nodeType('powerflex-measurements', {
  load: () => require('./powerflex-measurements.runtime') as typeof runtime,
});
