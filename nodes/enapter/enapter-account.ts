import { nodeType } from '../shared/node-type';
import type * as runtime from './enapter-account.runtime';

export = nodeType('enapter-account', {
  credentials: { token: { type: 'password' } },
  dialog: true,
  load: () => require('./enapter-account.runtime') as typeof runtime,
});
