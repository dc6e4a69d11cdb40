import { nodeType } from '../shared/node-type';
import type * as runtime from './poweropti-device.runtime';

export = nodeType('poweropti-device', {
  credentials: { apiKey: { type: 'password' } },
  dialog: true,
  load: () => require('./poweropti-device.runtime') as typeof runtime,
});
