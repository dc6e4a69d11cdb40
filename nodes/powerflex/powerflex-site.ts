import { nodeType } from '../shared/node-type';
import type * as runtime from './powerflex-site.runtime';

export = nodeType('powerflex-site', {
  credentials: { username: { type: 'text' }, password: { type: 'password' } },
  dialog: true,
  load: () => require('./powerflex-site.runtime') as typeof runtime,
});
