// @ts-check
/**
 * A table of names in a dialog: which station or space is whose.
 */
(function () {
  'use strict';

  const shared = /** @type {any} */ (window).EnergyDevices || {};
  /** @type {any} */ (window).EnergyDevices = shared;

  const COLUMNS = ['station', 'name'];

  /**
   * @param {{type: string}} node
   * @param {string} place selector of the element that the table fills
   * @param {{station?: string, name?: string}[]} rows
   */
  function nameTable(node, place, rows) {
    /**
     * @param {JQuery} item
     * @param {Record<string, string>} row
     */
    const fill = (item, row) => {
      for (const column of COLUMNS) {
        const label = shared.text(node.type, `names.${column}`);
        $('<input>', { type: 'text', placeholder: label, title: label, 'aria-label': label })
          .addClass(`energy-devices-name energy-devices-name-${column}`)
          .val(row[column] ?? '')
          .appendTo(item);
      }
    };
    shared.rowList(node, place, rows, { fill, empty: () => ({}) });
  }

  /**
   * @param {string} place
   * @returns {Record<string, string>[]}
   */
  function nameRows(place) {
    return $(place)
      .find('li')
      .toArray()
      .map((item) =>
        Object.fromEntries(
          COLUMNS.map((column) => [
            column,
            String($(item).find(`.energy-devices-name-${column}`).val()).trim(),
          ]),
        ),
      );
  }

  Object.assign(shared, { nameTable, nameRows });
})();
