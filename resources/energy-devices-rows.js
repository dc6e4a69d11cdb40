// @ts-check
/**
 * A list of rows in a dialog that people add to, put in order and take from: with a handle for the mouse, and with buttons,
 * because the editor's own list can be sorted and emptied with a mouse only.
 */
(function () {
  'use strict';

  const shared = /** @type {any} */ (window).EnergyDevices || {};
  /** @type {any} */ (window).EnergyDevices = shared;

  /**
   * @param {string} type
   * @param {string} key of its words, below `rows.`
   * @param {string} icon
   * @param {() => void} press
   */
  function button(type, key, icon, press) {
    const label = shared.text(type, `rows.${key}`);
    const made = $('<button>', { type: 'button', class: 'red-ui-button', title: label, 'aria-label': label });
    return made.append($('<i>', { class: `fa fa-${icon}`, 'aria-hidden': 'true' })).on('click', (event) => {
      event.preventDefault();
      press();
    });
  }

  /**
   * Fills an element with a list.
   *
   * @template R
   * @param {{type: string}} node
   * @param {string} place selector of the element
   * @param {R[]} rows
   * @param {{fill: (item: JQuery, row: R) => void, empty: () => R, changed?: () => void}} options `fill` puts a row's
   *   fields into its item, `empty` is a row to begin with, `changed` hears of other rows and another order
   */
  function rowList(node, place, rows, { fill, empty, changed = () => undefined }) {
    const list = $('<ol>', { class: 'energy-devices-rows' });
    /** @param {R} row */
    const add = (row) => {
      const item = $('<li>').appendTo(list);
      $('<i>', { class: 'fa fa-bars energy-devices-row-handle', 'aria-hidden': 'true' })
        .attr('title', shared.text(node.type, 'rows.drag'))
        .appendTo(item);
      fill(item, row);
      item.append(
        button(node.type, 'up', 'arrow-up', () => {
          item.prev().before(item);
          changed();
        }),
        button(node.type, 'remove', 'times', () => {
          item.remove();
          changed();
        }),
      );
      return item;
    };
    rows.forEach(add);
    const adding = button(node.type, 'add', 'plus', () => {
      add(empty()).find('input, select').first().trigger('focus');
      changed();
    });
    $(place).empty().append(list, adding);
    /** @type {any} */ (list).sortable({ axis: 'y', handle: '.energy-devices-row-handle', update: changed });
  }

  Object.assign(shared, { rowList });
})();
