// @ts-check
/**
 * What the dialogs of the energy nodes say besides their fields: which time zone applies, and where the state is kept.
 */
(function () {
  'use strict';

  const shared = /** @type {any} */ (window).EnergyDevices || {};
  /** @type {any} */ (window).EnergyDevices = shared;

  /**
   * Fills a place with what the runtime says of the zone in the dialog, again whenever that changes.
   *
   * @param {{type: string, id: string}} node
   * @param {string} place selector
   */
  function about(node, place) {
    const field = $('#node-input-zone');
    let asked = 0;
    const ask = () => {
      const number = ++asked;
      /** @param {string} words */
      const show = (words) => {
        // The answer to an older question may come later.
        if (number === asked) $(place).text(words);
      };
      shared
        .ask(node, 'about', { settings: ['zone'], credentials: [] })
        .done((/** @type {any} */ answer) => {
          const { zone, own, now, place: where } = answer;
          const text = (/** @type {string} */ key, /** @type {object} */ params) =>
            shared.text(node.type, key, params);
          const clock = String(now).slice(11, 16);
          show(
            [
              text(own ? 'about.zoneOwn' : 'about.zoneFound', { zone, clock }),
              text(`about.${where.kind}`, { name: where.name }),
            ].join(' '),
          );
        })
        .fail((/** @type {string} */ words) => show(words));
    };
    field.on('change', ask);
    ask();
  }

  Object.assign(shared, { about });
})();
