// @ts-check
/**
 * What helps to choose in a dialog: lists of devices, the only account there is, names and ids.
 */
(function () {
  'use strict';

  const shared = /** @type {any} */ (window).EnergyDevices || {};
  /** @type {any} */ (window).EnergyDevices = shared;

  /** Types of config nodes of which many a flow has just one. */
  const ONE_OF = /-(account|receiver|site)$/;

  /**
   * Chooses the only account, receiver or site that there is, in the dialog of a new node.
   * @param {any} node
   * @param {string} prefix of the fields' ids
   */
  function preselect(node, prefix) {
    // Once it is saved, an empty choice is the user's own.
    const isNew = node._def.category === 'config' ? !RED.nodes.node(node.id) : node.changed && !node._config;
    if (!isNew) return;
    for (const [name, { type = '' }] of Object.entries(
      /** @type {Record<string, any>} */ (node._def.defaults),
    )) {
      if (!ONE_OF.test(type)) continue;
      const field = $(`#${prefix}-${name}`);
      const row = field.closest('.form-row');
      const choose = () => {
        const there = field
          .find('option')
          .toArray()
          .map((option) => String($(option).val()))
          .filter((id) => id !== '' && id !== '_ADD_');
        const isShown = row.css('display') !== 'none';
        if (isShown && !shared.isChosen(field.val()) && !shared.isEnv(field.val()) && there.length === 1)
          field.val(String(there[0])).trigger('change');
      };
      choose();
      // The row may show only with another choice.
      row.closest('form').find('select').not(field).on('change', choose);
    }
  }

  /**
   * Keeps the name of what was chosen in an empty field *Name*, until somebody types another one.
   * @param {JQuery} field
   */
  function nameFilled(field) {
    const name = field.closest('form').find('#node-input-name, #node-config-input-name');
    let own = '';
    return (/** @type {string} */ label) => {
      const typed = String(name.val() ?? '');
      if (label === '' || (typed !== '' && typed !== own) || typed === label) return;
      own = label;
      name.val(label).trigger('change');
    };
  }

  /**
   * @param {Map<string, string>} known labels by id
   * @param {string} name
   */
  function idsOf(known, name) {
    const plain = (/** @type {string} */ text) => text.normalize('NFC').trim().toLowerCase();
    return [...known].filter(([, label]) => plain(label) === plain(name)).map(([id]) => id);
  }

  /**
   * Gives a text field a list to choose from. It is fetched when somebody comes near the field, again when `from` has
   * changed, and by the button beside it. Whatever is typed stays possible: the id may come from the environment. A name
   * that one device has is turned into its id, and what is chosen gives an empty name.
   *
   * @param {string} type of the dialog's node, for texts
   * @param {{field: JQuery, from?: JQuery, load: (again: boolean) => JQuery.Promise<{value: string, label: string}[]>, open?: boolean}} options
   *   `load` rejects with the text to show; `again`: somebody pressed the button;
   *   `open`: what is not in the list may come yet
   */
  function choices(type, { field, from, load, open = false }) {
    const id = `energy-devices-choices-${field.attr('id')}`;
    const list = $('<datalist>', { id });
    const place = shared.live($('<div>', { class: 'energy-devices-result' }));
    const label = shared.text(type, 'dialog.suggest');
    const button = $('<button>', {
      type: 'button',
      class: 'red-ui-button',
      title: label,
      'aria-label': label,
    });
    button.append($('<i>', { class: 'fa fa-refresh', 'aria-hidden': 'true' }));
    field.attr('list', id).after(button, list).closest('.form-row').append(place);
    /** @type {Map<string, string> | undefined} */
    let known;
    /** The number of the last question. Choosing another `from` raises it too: no answer of before counts then. */
    let asked = 0;
    let fetched = false;

    const named = nameFilled(field);
    const describe = () => {
      if (!known) return;
      const typed = String(field.val()).trim();
      if (typed === '' && known.size === 0)
        shared.showResult(place, 'good', shared.text(type, 'dialog.noSuggestions'));
      else if (typed === '')
        shared.showResult(place, 'good', shared.text(type, 'dialog.choose', { count: known.size }));
      else if (known.has(typed)) shared.showResult(place, 'good', known.get(typed));
      else shared.showResult(place, 'none');
    };
    /** A name that was typed where an id is asked for. */
    const resolve = () => {
      const typed = String(field.val()).trim();
      if (!known || typed === '' || known.has(typed) || shared.isEnv(typed)) return;
      const same = idsOf(known, typed);
      if (same.length === 1) field.val(String(same[0])).trigger('change');
      else if (same.length > 1)
        shared.showResult(
          place,
          'bad',
          shared.text(type, 'dialog.manyNamed', { count: same.length, name: typed }),
        );
      else if (known.size > 0 && !open)
        shared.showResult(place, 'bad', shared.text(type, 'dialog.noneNamed', { name: typed }));
    };
    const fetch = (again = false) => {
      const question = ++asked;
      fetched = true;
      shared.showResult(place, 'busy', shared.text(type, 'dialog.testing'));
      return load(again)
        .done((found) => {
          if (question !== asked) return;
          known = new Map(found.map(({ value, label }) => [value, label]));
          list.empty().append(found.map(({ value, label: text }) => $('<option>', { value, text })));
          describe();
          if (!field.is(':focus')) resolve();
        })
        .fail((/** @type {any} */ message) => {
          if (question === asked) shared.showResult(place, 'bad', message);
        });
    };
    shared.slowButton(button, () => fetch(true));
    const near = () => {
      if (!fetched && (!from || shared.isChosen(from.val()))) fetch();
    };
    field
      .on('focus pointerenter', near)
      .on('input change', () => {
        describe();
        named(known?.get(String(field.val()).trim()) ?? '');
      })
      .on('blur', resolve);
    from?.on('change', () => {
      asked++;
      fetched = false;
      known = undefined;
      list.empty();
      shared.showResult(place, 'none');
    });
  }

  /**
   * Offers the devices of an account in the field `deviceId`.
   *
   * @param {string} type of the dialog's node, for texts
   * @param {{type: string, settings: string[], credentials: string[], missing: string}} account its config node's type,
   *   what its test needs, and the key of the text for "none is chosen"; test and `devices` both answer with devices
   */
  function deviceChoices(type, account) {
    const chosen = $('#node-input-account');
    choices(type, {
      field: $('#node-input-deviceId'),
      from: chosen,
      load: () => {
        const id = String(chosen.val());
        /** @type {{ changed?: boolean } | null} */
        const node = shared.isChosen(id) ? RED.nodes.node(id) : null;
        // An account that runs as it stands here is signed in already.
        const runs = node !== null && !node.changed;
        return shared
          .askChosen(id, runs ? 'devices' : 'test', account)
          .then((/** @type {any} */ answer) =>
            answer.devices.map((/** @type {any} */ { id: value, label }) => ({ value, label })),
          );
      },
    });
  }

  /** @param {unknown} z */
  const isSubflow = (z) => Boolean(z && /** @type {any} */ (RED.nodes).subflow(z));

  /** What a device is known by in messages: drawn once, and in a subflow by each of its instances for itself. */
  function drawIdentity(/** @type {unknown} */ z) {
    return isSubflow(z) ? '' : RED.nodes.id();
  }

  /**
   * Gives the dialog's device the identity that its messages name, for good: it is exported with the flow. A new node draws
   * one. A node from before there was this setting is known by its own id, which then stands in the field.
   * @param {any} node
   * @param {string} prefix of the fields' ids
   */
  function identify(node, prefix) {
    const field = $(`#${prefix}-deviceUid`);
    if (field.length === 0) return;
    if (RED.nodes.node(node.id)) {
      if (node.deviceUid !== undefined || isSubflow(node.z)) return;
      node.deviceUid = node.id;
      field.val(node.id);
      return;
    }
    if (node.deviceUid) return;
    const drawn = RED.nodes.id();
    field.val(drawIdentity(node.z) && drawn);
    // The choice of where the node belongs gets its entries later.
    field.closest('.red-ui-tray').on('change', '#red-ui-editor-config-scope', function () {
      const inSubflow = isSubflow($(this).val());
      if (field.val() === (inSubflow ? drawn : '')) field.val(inSubflow ? '' : drawn).trigger('change');
    });
  }

  /**
   * Whether another config node has the same value, whatever its type.
   * @param {any} node
   * @param {string} name
   * @param {string} value
   */
  function isTaken(node, name, value) {
    let taken = false;
    /** @type {any} */ (RED.nodes).eachConfig((/** @type {any} */ other) => {
      if (other.id !== node.id && String(other[name] ?? '').trim() === value) taken = true;
    });
    return taken;
  }

  Object.assign(shared, { preselect, choices, deviceChoices, identify, drawIdentity, isTaken });
})();
