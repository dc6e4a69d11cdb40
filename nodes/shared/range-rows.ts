import type { Setting, TextSetting, When } from './form';

/** An IANA zone; empty: that of Node-RED's process. */
export const zoneRow = {
  kind: 'text',
  name: 'zone',
  icon: 'globe',
  default: '',
  placeholder: true,
} as const satisfies TextSetting;

/**
 * What a dialog offers as the range of a message that names none, see `rangeOf`.
 *
 * @param placeholder key of what an empty zone means
 */
export function rangeRows(when: When = {}, placeholder: string | true = true) {
  return [
    {
      kind: 'choice',
      name: 'range',
      icon: 'calendar',
      default: 'message',
      options: ['message', 'days', 'yesterday', 'lastMonth'],
      ...(Object.keys(when).length > 0 ? { when } : {}),
    },
    {
      kind: 'number',
      name: 'days',
      icon: 'history',
      default: 7,
      min: 1,
      max: 20 * 366,
      whole: true,
      digits: true,
      unit: 'days',
      hint: 'days',
      when: { ...when, range: ['days'] },
    },
    { ...zoneRow, placeholder, when: { ...when, range: ['days', 'yesterday', 'lastMonth'] } },
  ] as const satisfies readonly Setting[];
}
