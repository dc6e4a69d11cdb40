import { parseForeignJson } from '../core/json/parse';
import { isRecord } from '../core/values';
import { type DeviceDocument, isOwnDocument } from './documents';
import type { Roots } from './ids';

/** What the broker keeps of one device from a run before this one, or of another program. */
export interface Kept {
  document?: DeviceDocument;
  text?: string;
  instance?: string;
  energy?: unknown;
}

/** A device that somebody announced once and that nothing is heard of now. */
export interface StaleDevice {
  device: string;
  name: string;
  /** whether this node announced it, so that it may take it away */
  own: boolean;
}

/** More devices are not remembered: anybody may publish documents. */
const MAX_KEPT = 5000;

/** The retained documents of this package on one broker, by device. */
export class KeptDevices {
  private readonly byDevice = new Map<string, Kept>();

  constructor(private readonly roots: Roots) {}

  get(device: string): Kept | undefined {
    return this.byDevice.get(device);
  }

  delete(device: string): void {
    this.byDevice.delete(device);
  }

  private add(device: string, kept: Kept): void {
    if (!this.byDevice.has(device) && this.byDevice.size >= MAX_KEPT) return;
    this.byDevice.set(device, { ...this.byDevice.get(device), ...kept });
  }

  /** The device of a document's topic; `undefined`: the topic is not of this package. */
  documented(topic: string): string | undefined {
    const [last, node = ''] = topic.split('/').reverse();
    return last === 'config' ? /^nred_([\w-]{1,200})$/.exec(node)?.[1] : undefined;
  }

  /** The device of a topic of its own. */
  told(topic: string): string | undefined {
    const device = topic.slice(this.roots.root.length + 1).split('/')[0] ?? '';
    return /^[\w-]{1,200}$/.test(device) ? device : undefined;
  }

  /** @returns the document, if it is one of this package */
  addDocument(device: string, text: string): DeviceDocument | undefined {
    const document = json(text);
    if (!isOwnDocument(document, device)) return undefined;
    this.add(device, { document, text });
    return document;
  }

  /** @returns the node that published it, if it says which */
  addConnection(device: string, text: string): string | undefined {
    const document = text === '' ? undefined : json(text);
    if (!isRecord(document) || typeof document.instance !== 'string') return undefined;
    const { instance } = document;
    this.add(device, { instance });
    return instance;
  }

  /** @returns what was counted */
  addEnergy(device: string, text: string): unknown {
    const energy = json(text);
    this.add(device, { energy });
    return energy;
  }

  /** The name that a device has in its entity ids already. */
  slugOf(device: string): string | undefined {
    return slugIn(this.get(device)?.document);
  }

  /** @param isKnown whether something has been heard of a device */
  stale(isKnown: (device: string) => boolean, own: string): StaleDevice[] {
    return [...this.byDevice].flatMap(([device, { document, instance }]) => {
      if (!document || isKnown(device)) return [];
      const { name } = document.device;
      return [{ device, name: typeof name === 'string' ? name : device, own: instance === own }];
    });
  }
}

/** The slug in the entity ids of a document. */
function slugIn(document: DeviceDocument | undefined): string | undefined {
  const component = document?.components.connection;
  const id = isRecord(component) ? component.default_entity_id : undefined;
  const [, slug] = typeof id === 'string' ? (/^binary_sensor\.(\w{1,150})_connection$/.exec(id) ?? []) : [];
  return slug;
}

function json(text: string): unknown {
  try {
    return parseForeignJson(text);
  } catch {
    return undefined;
  }
}
