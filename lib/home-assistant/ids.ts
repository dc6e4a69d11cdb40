import { createHash } from 'node:crypto';

import { invalidInput } from '../core/errors';
import { VENDORS } from '../core/vendors';

/** Names that outlive everything: ids of devices, their topics, and the slugs of entity ids. */

/** A device, as `msg.device` tells it. */
export interface DeviceKey {
  vendor: string;
  id: string;
}

const OWNERS: readonly string[] = [...VENDORS, 'energy-devices'];
/** Characters of a safe id, above which it is shortened by a digest. */
const LONGEST_ID = 64;
const KEPT = 40;
const DIGEST = 12;
/** Longest id that is looked at. */
const LONGEST_GIVEN = 1024;
const LONGEST_TOPIC = 200;
const LONGEST_SLUG = 50;

/**
 * An id in letters that a topic of Home Assistant may have. Reversible, so that no two ids meet: letters and digits stay,
 * every other byte becomes `-xx`.
 */
export function safeId(id: string): string {
  let safe = '';
  for (const byte of Buffer.from(id, 'utf8')) {
    const letter = String.fromCharCode(byte);
    safe += /[A-Za-z0-9]/.test(letter) ? letter : `-${byte.toString(16).padStart(2, '0')}`;
  }
  if (safe.length <= LONGEST_ID) return safe;
  const digest = createHash('sha256').update(id).digest('hex').slice(0, DIGEST);
  // A byte's `-xx` is not cut, and the mark keeps it from any id that is written out.
  return `${safe.slice(0, KEPT).replace(/-[0-9a-f]?$/, '')}_${digest}`;
}

/**
 * `<vendor>_<safe id>` of a device.
 *
 * @throws DeviceError INVALID_INPUT for an id that is none, or a vendor that is not of this package
 */
export function deviceName({ vendor, id }: DeviceKey): string {
  if (id.trim() === '' || id.length > LONGEST_GIVEN || !OWNERS.includes(vendor)) {
    throw invalidInput('The message does not tell which device it is about.', 'homeAssistantDevice');
  }
  return `${vendor}_${safeId(id)}`;
}

/** The topics of one device. */
export interface DeviceTopics {
  config: string;
  availability: string;
  state: string;
  connection: string;
  energy: string;
  event: string;
  /** of the commands of one component */
  set: (key: string) => string;
}

export interface Roots {
  /** of Home Assistant's discovery */
  prefix: string;
  /** of states, availability and commands */
  root: string;
}

export function topicsOf({ prefix, root }: Roots, device: string): DeviceTopics {
  const own = `${root}/${device}`;
  return {
    config: `${prefix}/device/nred_${device}/config`,
    availability: `${own}/availability`,
    state: `${own}/state`,
    connection: `${own}/connection`,
    energy: `${own}/energy`,
    event: `${own}/event`,
    set: (key) => `${own}/${key}/set`,
  };
}

/** The topics of all commands. */
export function commandTopics({ root }: Roots): string {
  return `${root}/+/+/set`;
}

function withoutSlashes(text: string): string {
  let [begin, end] = [0, text.length];
  while (begin < end && text[begin] === '/') begin++;
  while (end > begin && text[end - 1] === '/') end--;
  return text.slice(begin, end);
}

/** A topic as a user gave it, without slashes at its ends. @throws DeviceError INVALID_INPUT */
function topicOf(given: string): string {
  const topic = withoutSlashes(given);
  if (topic === '' || topic.length > LONGEST_TOPIC || /[+#\s\p{Cc}]/u.test(topic) || topic.startsWith('$')) {
    throw invalidInput('A topic has no blanks, no "+" and no "#", and is not empty.', 'homeAssistantTopic');
  }
  return topic;
}

/**
 * The roots that settings name.
 *
 * @throws DeviceError INVALID_INPUT: states must not lie where Home Assistant looks for documents
 */
export function rootsOf(given: Roots): Roots {
  const prefix = topicOf(given.prefix);
  const root = topicOf(given.root);
  if (`${root}/`.startsWith(`${prefix}/`)) {
    throw invalidInput('The topic must not lie below the discovery prefix.', 'homeAssistantRoot');
  }
  return { prefix, root };
}

/** What letters that have no plain form in Unicode are written as. */
const PLAIN: Readonly<Record<string, string>> = {
  ...{ ß: 'ss', æ: 'ae', œ: 'oe', ø: 'o', đ: 'd', ł: 'l', þ: 'th', ð: 'd', ı: 'i' },
  ...{ а: 'a', б: 'b', в: 'v', г: 'g', д: 'd', е: 'e', ё: 'e', ж: 'zh', з: 'z', и: 'i', й: 'i', к: 'k' },
  ...{ л: 'l', м: 'm', н: 'n', о: 'o', п: 'p', р: 'r', с: 's', т: 't', у: 'u', ф: 'f', х: 'kh', ц: 'ts' },
  ...{ ч: 'ch', ш: 'sh', щ: 'shch', ъ: '', ы: 'y', ь: '', э: 'e', ю: 'iu', я: 'ia' },
  ...{ і: 'i', ї: 'i', є: 'ie', ґ: 'g' },
};

/** A name in the letters of an entity id; empty where no letter of it has a plain form. */
export function slugOf(name: string): string {
  const lower = name.slice(0, LONGEST_TOPIC).toLowerCase().normalize('NFC');
  const plain = Array.from(lower, (letter) => PLAIN[letter] ?? letter).join('');
  return plain
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .replace(/[^a-z0-9]+/g, '_')
    .slice(0, LONGEST_SLUG)
    .replace(/^_|_$/g, '');
}
