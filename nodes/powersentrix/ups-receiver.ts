import { nodeType } from '../shared/node-type';
import type * as runtime from './ups-receiver.runtime';

export = nodeType('ups-receiver', {
  credentials: { companyId: { type: 'password' }, secret: { type: 'text' } },
  dialog: true,
  load: () => require('./ups-receiver.runtime') as typeof runtime,
});
