import { nodeType } from '../shared/node-type';
import type * as runtime from './enapter-telemetry.runtime';

export = nodeType('enapter-telemetry', {
  load: () => require('./enapter-telemetry.runtime') as typeof runtime,
});
