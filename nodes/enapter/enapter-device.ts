import { nodeType } from '../shared/node-type';
import type * as runtime from './enapter-device.runtime';

export = nodeType('enapter-device', {
  load: () => require('./enapter-device.runtime') as typeof runtime,
});
