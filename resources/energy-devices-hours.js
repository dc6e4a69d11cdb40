// @ts-check
/**
 * A table of hours in a dialog: days, months, from, to, and a number each. With buttons of its own, because the editor's
 * list can be sorted and emptied with a mouse only.
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
   * @param {string} type
   * @param {string} key of its words, below `hours.`
   * @param {string} icon
   * @param {() => void} press
   */
  function button(type, key, icon, press) {
    const label = shared.text(type, `hours.${key}`);
    const made = $('<button>', { type: 'button', class: 'red-ui-button', title: label, 'aria-label': label });
    return made.append($('<i>', { class: `fa fa-${icon}`, 'aria-hidden': 'true' })).on('click', (event) => {
      event.preventDefault();
      press();
    });
  }

  /**
   * @param {{type: string}} node
   * @param {string} place selector of the element that the table fills
   * @param {string} name of the number
   * @param {Row[]} rows
   */
  function hourTable(node, place, name, rows) {
    const list = $('<ol>', { class: 'energy-devices-hours-rows' });
    /** @param {Row} row */
    const add = (row) => {
      const item = $('<li>').appendTo(list);
      for (const key of ['days', 'months', 'from', 'to', name]) {
        const label = shared.text(node.type, `hours.${key}`);
        const value = row[key];
        $('<input>', { type: 'text', placeholder: label, title: label, 'aria-label': label })
          .addClass(`energy-devices-hours energy-devices-hours-${key}`)
          .val(Array.isArray(value) ? value.join(' ') : value === undefined ? '' : String(value))
          .appendTo(item);
      }
      item.append(
        button(node.type, 'up', 'arrow-up', () => item.prev().before(item)),
        button(node.type, 'remove', 'times', () => item.remove()),
      );
      return item;
    };
    rows.forEach(add);
    const adding = button(node.type, 'add', 'plus', () => add({}).find('input').first().trigger('focus'));
    $(place).empty().append(list, adding);
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
          // A comma is a decimal point for many; what is no number is told by the runtime.
          [name]: Number(value(name).replace(',', '.')),
        };
      });
  }

  Object.assign(shared, { hourTable, hourRows });
})();
