// @ts-check
/**
 * A table of hours in a dialog: days, months, from, to, and a number each.
 */
(function () {
  'use strict';

  const shared = /** @type {any} */ (window).EnergyDevices || {};
  /** @type {any} */ (window).EnergyDevices = shared;

  /** @typedef {{days?: number[], months?: number[], from?: string, to?: string, [number: string]: unknown}} Row */

  /** @param {unknown} text */
  function numbers(text) {
    return String(text)
      .split(/[ ,;]/)
      .filter((part) => /^\d{1,2}$/.test(part))
      .map(Number);
  }

  /**
   * @param {{type: string}} node
   * @param {string} place selector of the element that the table fills
   * @param {string} name of the number
   * @param {Row[]} rows
   */
  function hourTable(node, place, name, rows) {
    /**
     * @param {JQuery} item
     * @param {Row} row
     */
    const fill = (item, row) => {
      for (const key of ['days', 'months', 'from', 'to', name]) {
        const label = shared.text(node.type, `hours.${key}`);
        const value = row[key];
        $('<input>', { type: 'text', placeholder: label, title: label, 'aria-label': label })
          .addClass(`energy-devices-hours energy-devices-hours-${key}`)
          .val(Array.isArray(value) ? value.join(' ') : value === undefined ? '' : String(value))
          .appendTo(item);
      }
    };
    shared.rowList(node, place, rows, { fill, empty: () => ({}) });
  }

  /**
   * @param {string} place
   * @param {string} name
   * @returns {Row[]}
   */
  function hourRows(place, name) {
    return $(place)
      .find('li')
      .toArray()
      .map((item) => {
        const value = (/** @type {string} */ key) =>
          String($(item).find(`.energy-devices-hours-${key}`).val()).trim();
        const days = numbers(value('days'));
        const months = numbers(value('months'));
        return {
          ...(days.length > 0 ? { days } : {}),
          ...(months.length > 0 ? { months } : {}),
          from: value('from'),
          to: value('to'),
          // A comma is a decimal point for many; what is no number, nothing included, is told by the runtime.
          [name]: value(name) === '' ? '' : Number(value(name).replace(',', '.')),
        };
      });
  }

  Object.assign(shared, { hourTable, hourRows });
})();
