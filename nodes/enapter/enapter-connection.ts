import { nodeType } from '../shared/node-type';
import type * as runtime from './enapter-connection.runtime';

export = nodeType('enapter-connection', {
  credentials: { config: { type: 'password' } },
  dialog: true,
  load: () => require('./enapter-connection.runtime') as typeof runtime,
});
