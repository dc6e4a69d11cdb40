import type { StartSystem } from './system';
import { enapter } from './systems/enapter';
import { homeAssistant } from './systems/home-assistant';
import { powercontroller } from './systems/powercontroller';
import { powerflex } from './systems/powerflex';
import { poweropti } from './systems/poweropti';
import { powersentrix } from './systems/powersentrix';

/** Every system of the demo. A new one needs a file in systems/, an entry here, and its nodes in flows/. */
export const SYSTEMS: readonly StartSystem[] = [
  poweropti,
  powersentrix,
  powercontroller,
  powerflex,
  enapter,
  homeAssistant,
];
