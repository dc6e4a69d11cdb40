import { nodeType } from '../shared/node-type';
import type * as runtime from './powercontroller-account.runtime';

export = nodeType('powercontroller-account', {
  credentials: { email: { type: 'text' }, password: { type: 'password' }, token: { type: 'password' } },
  dialog: true,
  load: () => require('./powercontroller-account.runtime') as typeof runtime,
});
