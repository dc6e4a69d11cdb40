import { nodeType } from '../shared/node-type';
import type * as runtime from './powersentrix-account.runtime';

export = nodeType('powersentrix-account', {
  credentials: { email: { type: 'text' }, password: { type: 'password' } },
  dialog: true,
  load: () => require('./powersentrix-account.runtime') as typeof runtime,
});
