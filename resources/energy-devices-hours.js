// @ts-check
/** A table of hours in a dialog: days, months, from, to, and a number each. */
(function () {
  'use strict';

  const shared = /** @type {any} */ (window).EnergyDevices || {};
  /** @type {any} */ (window).EnergyDevices = shared;

  /** @typedef {{days?: number[], months?: number[], from?: string, to?: string, [number: string]: unknown}} Row */

  /** @param {string} place */
  const list = (place) => /** @type {any} */ ($(place));

  /** @param {unknown} text */
  function numbers(text) {
    return String(text)
      .split(/[ ,;]/)
      .filter((part) => /^\d{1,2}$/.test(part))
      .map(Number);
  }

  /**
   * @param {{type: string}} node
   * @param {string} place selector of an ordered list
   * @param {string} name of the number
   * @param {Row[]} rows
   */
  function hourTable(node, place, name, rows) {
    const addItem = (
      /** @type {JQuery} */ container,
      /** @type {number} */ _index,
      /** @type {Row} */ row,
    ) => {
      const field = (/** @type {string} */ key, /** @type {unknown} */ value) => {
        const label = shared.text(node.type, `hours.${key}`);
        $('<input>', { type: 'text', placeholder: label, title: label, 'aria-label': label })
          .addClass(`energy-devices-hours energy-devices-hours-${key}`)
          .val(value === undefined ? '' : String(value))
          .appendTo(container);
      };
      field('days', (row.days || []).join(' '));
      field('months', (row.months || []).join(' '));
      field('from', row.from);
      field('to', row.to);
      field(name, row[name]);
    };
    list(place).editableList({ addItem, removable: true, sortable: true, height: 'auto' });
    for (const row of rows) list(place).editableList('addItem', row);
  }

  /**
   * @param {string} place
   * @param {string} name
   * @returns {Row[]}
   */
  function hourRows(place, name) {
    return list(place)
      .editableList('items')
      .toArray()
      .map((/** @type {JQuery} */ item) => {
        const value = (/** @type {string} */ key) =>
          String($(item).find(`.energy-devices-hours-${key}`).val()).trim();
        const days = numbers(value('days'));
        const months = numbers(value('months'));
        return {
          ...(days.length > 0 ? { days } : {}),
          ...(months.length > 0 ? { months } : {}),
          from: value('from'),
          to: value('to'),
          // A comma is a decimal point for many; what is no number is told by the runtime.
          [name]: Number(value(name).replace(',', '.')),
        };
      });
  }

  Object.assign(shared, { hourTable, hourRows });
})();
