import { nodeType } from '../shared/node-type';
import type * as runtime from './enapter-command-in.runtime';

export = nodeType('enapter-command-in', {
  load: () => require('./enapter-command-in.runtime') as typeof runtime,
});
