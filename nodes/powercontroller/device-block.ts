import type { PowerController } from '../../lib/powercontroller/device';
import type { DeviceBlock } from '../shared/messages';

/** A device of which nothing but the id is known. */
export function blockOfId(id: string): DeviceBlock {
  return { id, vendor: 'automate-green', model: 'power-controller', name: id };
}

export function blockOf({ id, model, name, serialNumber, firmware }: PowerController): DeviceBlock {
  return {
    ...blockOfId(id),
    ...(model === null ? {} : { model }),
    name: serialNumber ?? name ?? id,
    ...(serialNumber === null ? {} : { serialNumber }),
    ...(firmware === null ? {} : { firmware }),
  };
}
