// @ts-check
/**
 * The table of a plan for outages: what is done, when, and what is waited for. What is wrong with it is found without a
 * page, so that it can be tested beside the runtime's own check, in lib/outage/settings.ts.
 */
(function () {
  'use strict';

  const shared = /** @type {any} */ (window).EnergyDevices || {};
  /** @type {any} */ (window).EnergyDevices = shared;

  /** @typedef {Record<string, unknown>} Row */

  const MOST_STEPS = 50;
  const MOST_HOSTS = 20;
  const LONGEST_HOST = 100;
  const LONGEST_TEXT = 500;
  const LONGEST_DELAY = 86400;
  const HIGHEST_VOLTAGE = 1000;
  const PORTS = 12;
  const WAITS = ['none', 'time', 'hosts', 'reply'];

  /** @param {unknown} value */
  const isBlank = (value) =>
    value === undefined || value === null || (typeof value === 'string' && value.trim() === '');

  /**
   * `null` where nothing is given, `NaN` for what is no number within the limits.
   * @param {unknown} value
   * @param {number} min
   * @param {number} max
   */
  function numberIn(value, min, max) {
    if (isBlank(value)) return null;
    const isNumeral = typeof value === 'string' && /^-?\d{1,15}(?:\.\d{1,15})?$/.test(value.trim());
    const number = typeof value === 'number' || isNumeral ? Number(value) : NaN;
    return number >= min && number <= max ? number : NaN;
  }

  /** @param {unknown} value */
  function portIn(value) {
    const port = numberIn(value, 0, PORTS - 1);
    return port === null || Number.isInteger(port) ? port : NaN;
  }

  /** @param {unknown} value */
  const hostsIn = (value) =>
    typeof value === 'string' ? value.split(/[\s,;]/).filter((one) => one !== '') : [];

  /**
   * What is wrong with one row, as a key below `errors.`; an empty text for nothing.
   * @param {Row} row
   */
  function rowProblem(row) {
    const after = numberIn(row.after, 0, LONGEST_DELAY);
    const below = numberIn(row.below, 1, HIGHEST_VOLTAGE);
    if (Number.isNaN(after)) return 'powersentrixOutageAfter';
    if (Number.isNaN(below)) return 'powersentrixOutageBelow';
    if (row.low !== undefined && typeof row.low !== 'boolean') return 'powersentrixOutageRow';
    if (after === null && below === null && row.low !== true) return 'powersentrixOutageNoTrigger';
    if (row.action !== 'off' && row.action !== 'message') return 'powersentrixOutageAction';
    const port = portIn(row.port);
    if (Number.isNaN(port) || (row.action === 'off' && port === null)) return 'powersentrixOutagePort';
    const text = typeof row.text === 'string' ? row.text.trim() : '';
    if (row.action === 'message' && (text === '' || text.length > LONGEST_TEXT))
      return 'powersentrixOutageText';
    const wait = isBlank(row.wait) ? 'none' : String(row.wait);
    if (!WAITS.includes(wait)) return 'powersentrixOutageWait';
    const seconds = numberIn(row.seconds, 1, LONGEST_DELAY);
    if (wait !== 'none' && (seconds === null || Number.isNaN(seconds))) return 'powersentrixOutageSeconds';
    const hosts = hostsIn(row.hosts);
    const isUnread = !isBlank(row.hosts) && typeof row.hosts !== 'string';
    if (isUnread || hosts.length > MOST_HOSTS || hosts.some((one) => one.length > LONGEST_HOST))
      return 'powersentrixOutageHosts';
    return hosts.length > 0 && port === null ? 'powersentrixOutageHostsPort' : '';
  }

  /**
   * What is wrong with a table.
   * @param {unknown} rows
   * @returns {{key: string, params: Record<string, number>} | undefined}
   */
  function stepProblem(rows) {
    if (!Array.isArray(rows) || rows.length === 0)
      return { key: 'errors.powersentrixOutageNoSteps', params: {} };
    if (rows.length > MOST_STEPS)
      return { key: 'errors.powersentrixOutageTooManySteps', params: { max: MOST_STEPS } };
    /** @type {Set<number>} */
    const cut = new Set();
    /** @type {Set<number | null>} */
    const withHosts = new Set();
    for (const [index, row] of rows.entries()) {
      const isRow = typeof row === 'object' && row !== null && !Array.isArray(row);
      const key = isRow ? rowProblem(row) : 'powersentrixOutageRow';
      if (key) return { key: `errors.${key}`, params: { row: index + 1 } };
      const port = portIn(row.port);
      if (hostsIn(row.hosts).length > 0) withHosts.add(port);
      if (row.action !== 'off' || port === null) continue;
      if (cut.has(port)) return { key: 'errors.powersentrixOutagePortTwice', params: { row: index + 1 } };
      cut.add(port);
    }
    for (const [index, row] of rows.entries()) {
      const port = portIn(row.port);
      const isAwaited = rows.slice(0, index).some((one) => portIn(one.port) === port && one.wait === 'hosts');
      const ignores =
        row.action === 'off' && (isBlank(row.wait) || row.wait === 'none') && withHosts.has(port);
      if (ignores && !isAwaited)
        return { key: 'errors.powersentrixOutageHostsIgnored', params: { row: index + 1 } };
      if (row.wait === 'hosts' && (port === null || !withHosts.has(port)))
        return { key: 'errors.powersentrixOutageNoHosts', params: { row: index + 1 } };
    }
    return undefined;
  }

  /**
   * @param {{type: string}} node
   * @param {string} place selector of the element that the table fills
   * @param {Row[]} rows
   * @param {() => void} changed
   */
  function stepTable(node, place, rows, changed) {
    /** @type {(key: string) => string} */
    const text = (key) => shared.text(node.type, `step.${key}`);
    /**
     * A field with its words, in front of it or, as a unit, behind.
     * @param {JQuery} line
     * @param {string} key
     * @param {JQuery} field
     * @param {boolean} [isUnit]
     */
    const labelled = (line, key, field, isUnit) => {
      const words = $('<span>').text(text(key));
      const label = $('<label>').toggleClass('energy-devices-step-wide', !isUnit).appendTo(line);
      return isUnit ? label.append(field, words) : label.append(words, field);
    };
    /**
     * @param {Row} row
     * @param {string} key
     */
    const input = (row, key) => {
      const value = row[key];
      return $('<input>', { type: 'text' })
        .addClass(`energy-devices-step-${key}`)
        .val(isBlank(value) ? '' : String(value));
    };
    /**
     * @param {Row} row
     * @param {string} key
     * @param {string[]} options
     */
    const select = (row, key, options) => {
      const made = $('<select>').addClass(`energy-devices-step-${key}`);
      for (const value of options) made.append($('<option>', { value }).text(text(`${key}_${value}`)));
      return made.val(String(row[key] || options[0]));
    };
    /** @type {(item: JQuery, row: Row) => void} */
    const fill = (item, row) => {
      const all = $('<div>', { class: 'energy-devices-step' }).appendTo(item);
      const line = () => $('<div>', { class: 'energy-devices-step-line' }).appendTo(all);
      const what = line();
      const action = select(row, 'action', ['off', 'message']);
      labelled(what, 'action', action);
      labelled(what, 'port', input(row, 'port'));
      const words = labelled(line(), 'text', input(row, 'text'));
      const when = line();
      labelled(when, 'after', input(row, 'after'), true);
      labelled(when, 'below', input(row, 'below'), true);
      const low = $('<input>', { type: 'checkbox', class: 'energy-devices-step-low' });
      labelled(when, 'low', low.prop('checked', row.low === true), true);
      const until = line();
      const wait = select(row, 'wait', WAITS);
      labelled(until, 'wait', wait);
      const seconds = labelled(until, 'seconds', input(row, 'seconds'), true);
      labelled(line(), 'hosts', input(row, 'hosts'));
      const show = () => {
        words.toggle(action.val() === 'message');
        seconds.toggle(wait.val() !== 'none');
      };
      show();
      all.on('change input', () => {
        show();
        changed();
      });
    };
    const empty = () => ({ action: 'off', wait: 'none' });
    shared.rowList(node, place, rows, { fill, empty, changed });
  }

  /**
   * @param {string} place
   * @returns {Row[]}
   */
  function stepRows(place) {
    return $(place)
      .find('li')
      .toArray()
      .map((item) => {
        const value = (/** @type {string} */ key) =>
          String($(item).find(`.energy-devices-step-${key}`).val() || '').trim();
        const isMessage = value('action') === 'message';
        const number = (/** @type {string} */ key) => {
          // A comma is a decimal point for many.
          const typed = numberIn(value(key).replace(',', '.'), -Infinity, Infinity);
          // What is no number is told as it was typed.
          return typed === null || Number.isNaN(typed) ? value(key) : typed;
        };
        return {
          ...{ action: value('action'), port: number('port'), text: isMessage ? value('text') : '' },
          ...{ after: number('after'), below: number('below') },
          low: $(item).find('.energy-devices-step-low').prop('checked') === true,
          ...{ wait: value('wait'), seconds: value('wait') === 'none' ? '' : number('seconds') },
          hosts: value('hosts'),
        };
      });
  }

  Object.assign(shared, { stepProblem, stepTable, stepRows });
})();
