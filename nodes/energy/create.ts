import type { Node, NodeAPI, NodeDef } from 'node-red';

import { type DeviceError, toDeviceError } from '../../lib/core/errors';
import type { Form, SettingsOf } from '../shared/form';
import { NOTHING, onInput } from '../shared/input-runner';
import { createNode } from '../shared/migrate';
import { readSettings } from '../shared/read-settings';
import { errorText } from '../shared/text';

/**
 * Makes an energy node of its settings. One whose settings are wrong says so in the log, below itself, and to each message.
 *
 * @param begin throws DeviceError INVALID_INPUT for settings that cannot be computed with
 */
export function createEnergyNode<F extends Form>(
  RED: NodeAPI,
  node: Node,
  config: NodeDef,
  form: F,
  begin: (settings: SettingsOf<F>) => void,
): void {
  createNode(RED, node, config);
  const { settings, problem } = readSettings(RED, node, form, config);
  let fault: DeviceError | undefined = problem;
  try {
    if (!fault) begin(settings);
  } catch (thrown) {
    fault = toDeviceError(thrown);
  }
  if (!fault) return;
  const said = fault;
  node.warn(errorText(RED, said));
  onInput(RED, node, () => NOTHING, { problem: () => said });
}
