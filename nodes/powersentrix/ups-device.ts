import { nodeType } from '../shared/node-type';
import type * as runtime from './ups-device.runtime';

export = nodeType('ups-device', {
  credentials: { apiKey: { type: 'password' } },
  dialog: true,
  load: () => require('./ups-device.runtime') as typeof runtime,
});
