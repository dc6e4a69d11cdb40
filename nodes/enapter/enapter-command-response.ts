import { nodeType } from '../shared/node-type';
import type * as runtime from './enapter-command-response.runtime';

export = nodeType('enapter-command-response', {
  load: () => require('./enapter-command-response.runtime') as typeof runtime,
});
