import { nodeType } from '../shared/node-type';
import type * as runtime from './powercontroller-command.runtime';

export = nodeType('powercontroller-command', {
  load: () => require('./powercontroller-command.runtime') as typeof runtime,
});
