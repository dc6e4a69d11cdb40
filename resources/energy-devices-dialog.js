// @ts-check
/**
 * What the dialogs of all node types have in common on the screen: layout, results of buttons, lists to choose from,
 * what is wrong in words, and use without a mouse. Every dialog calls `EnergyDevices.dialog(this)` first.
 */
(function () {
  'use strict';

  /** The other half, whichever of the two was loaded first. */
  const shared = /** @type {any} */ (window).EnergyDevices || {};
  /** @type {any} */ (window).EnergyDevices = shared;

  if (!document.getElementById('energy-devices-style')) {
    const root = /** @type {any} */ (RED.settings).apiRootUrl || '';
    const href = `${root}resources/node-red-contrib-energy-devices/energy-devices.css`;
    $('<link>', { id: 'energy-devices-style', rel: 'stylesheet', href }).appendTo('head');
  }

  /**
   * @typedef {{type: string, id: string, name?: string, _def: {category: string,
   *   defaults: Record<string, Definition>, credentials?: Record<string, Definition>}}} EditedNode
   * @typedef {{type?: string, required?: boolean, validate?: (value: unknown, opt: object) => unknown}} Definition
   */

  /**
   * Makes the open form one of ours. Called at the beginning of `oneditprepare`, when the fields have their values.
   * @param {EditedNode} node
   */
  function dialog(node) {
    const prefix = node._def.category === 'config' ? 'node-config-input' : 'node-input';
    const form = $(`#${prefix}-name`).closest('form').addClass('energy-devices-dialog');
    // A screen reader tells of changes only in places that it knew before.
    live(form.find('.energy-devices-result'));
    for (const [name, definition] of Object.entries(node._def.defaults)) {
      if (definition.type) reachable(form, `${prefix}-btn-${name}`, definition.type);
    }
    explain(node, prefix);
    if (form.find('#energy-devices-diagnostics').length > 0) diagnosticsButton(node);
  }

  /** @param {JQuery} place */
  function live(place) {
    return place.attr({ role: 'status', 'aria-live': 'polite' });
  }

  /**
   * The editor's two buttons beside a choice of config nodes are links without a target, which the tab key passes by.
   * When the dialog that one of them opens is left, the focus is nowhere: it goes back to the button.
   * @param {JQuery} form
   * @param {string} button
   * @param {string} type
   */
  function reachable(form, button, type) {
    const texts = {
      edit: shared.lookUp('editor.editConfig', { type }),
      add: shared.lookUp('editor.addNewConfig', { type }),
    };
    for (const [action, label] of Object.entries(texts)) {
      form
        .find(`#${button}-${action}`)
        .attr({ tabindex: 0, role: 'button', 'aria-label': label })
        .on('keydown', function (event) {
          if (event.key !== 'Enter' && event.key !== ' ') return;
          event.preventDefault();
          $(this).trigger('click');
        })
        .on('click', function () {
          if ($(this).hasClass('disabled')) return;
          const back = () => {
            // The dialogs slide: this one is taken out of the page, and put back when it is on top again.
            if (!this.isConnected) return;
            forget();
            this.focus();
          };
          const forget = () => {
            RED.events.off('editor:change', back);
            RED.events.off('editor:close', forget);
          };
          RED.events.on('editor:change', back);
          RED.events.on('editor:close', forget);
        });
    }
  }

  /**
   * The editor marks what is wrong and says why in a tooltip. The same words go below the field, for those who use
   * no mouse: at once in a node that exists, in a new one when its field has been left.
   * @param {EditedNode} node
   * @param {string} prefix
   */
  function explain(node, prefix) {
    const definitions = { ...node._def.defaults, ...node._def.credentials };
    const exists = Boolean(RED.nodes.node(node.id));
    for (const [name, definition] of Object.entries(definitions)) {
      const field = $(`#${prefix}-${name}`);
      if (field.length === 0) continue;
      let left = exists;
      const update = () => {
        const wrong = field.hasClass('input-error');
        field.attr('aria-invalid', String(wrong));
        problem(field, wrong && left ? reason(node, definition, field) : '');
      };
      const leave = () => {
        left = true;
        update();
      };
      field.on('change', update).on('focusout', leave);
      new MutationObserver(update).observe(/** @type {Node} */ (field.get(0)), {
        attributeFilter: ['class'],
      });
    }
  }

  /**
   * @param {EditedNode} node
   * @param {Definition} definition
   * @param {JQuery} field
   */
  function reason(node, definition, field) {
    const value = field.is(':checkbox') ? field.prop('checked') : field.val();
    const said = definition.validate ? definition.validate.call(node, value, {}) : false;
    if (typeof said === 'string') return said;
    return shared.text(
      node.type,
      definition.type === undefined || field.is(':text') ? 'invalid.missing' : 'invalid.choose',
    );
  }

  /**
   * Says below a field what is wrong with it; an empty text says nothing.
   * @param {JQuery} field
   * @param {string} message
   */
  function problem(field, message) {
    const id = `energy-devices-problem-${field.attr('id')}`;
    let place = $(`#${id}`);
    if (place.length === 0) {
      if (!message) return;
      place = $('<div>', { id, class: 'energy-devices-problem' }).appendTo(field.closest('.form-row'));
      field.attr('aria-describedby', id);
    }
    if (place.text() !== message) place.text(message);
    place.toggle(message !== '');
  }

  /**
   * Shows the outcome of a button beside it.
   * @param {JQuery} place
   * @param {'busy' | 'good' | 'bad' | 'none'} state
   * @param {string} [message]
   */
  function showResult(place, state, message = '') {
    const icon = {
      busy: 'fa-spinner fa-spin',
      good: 'fa-check-circle',
      bad: 'fa-exclamation-circle',
      none: '',
    }[state];
    live(place).addClass('energy-devices-result').attr('data-state', state).empty();
    if (state === 'none') return;
    place.append($('<i>', { class: `fa ${icon}`, 'aria-hidden': 'true' }), document.createTextNode(message));
  }

  /**
   * Wires a button whose answer takes a while. It keeps the focus meanwhile, so it is not disabled but deaf.
   * @param {JQuery} button
   * @param {() => JQuery.Promise<any>} run
   */
  function slowButton(button, run) {
    button.on('click', (event) => {
      event.preventDefault();
      if (button.attr('aria-disabled') === 'true') return;
      button.attr('aria-disabled', 'true');
      run().always(() => button.removeAttr('aria-disabled'));
    });
  }

  /**
   * Wires a "Test connection" button.
   *
   * @param {{type: string, id: string}} node
   * @param {{settings: string[], credentials: string[], describe: (answer: any) => string, ask?: () => JQuery.Promise<any>}} options
   *   `describe` makes the text for a success; `ask` asks in another way than with this dialog's fields
   */
  function testButton(node, options) {
    const place = $('#energy-devices-test-result');
    slowButton($('#energy-devices-test'), () => {
      showResult(place, 'busy', shared.text(node.type, 'dialog.testing'));
      return (options.ask ? options.ask() : shared.ask(node, 'test', options))
        .done((/** @type {any} */ answer) => showResult(place, 'good', options.describe(answer)))
        .fail((/** @type {string} */ message) => showResult(place, 'bad', message));
    });
  }

  /**
   * Wires a "Download diagnostics" button.
   * @param {{type: string, id: string, name?: string}} node
   */
  function diagnosticsButton(node) {
    const place = $('#energy-devices-diagnostics-result');
    $('#energy-devices-diagnostics').on('click', (event) => {
      event.preventDefault();
      $.getJSON(`energy-devices/${node.type}/${encodeURIComponent(node.id)}/diagnostics`)
        .done((report) => {
          const name = `${node.type}-${(node.name || node.id).replace(/[^\w-]+/g, '_')}.json`;
          shared.download(name, JSON.stringify(report, null, 2), 'application/json');
          showResult(place, 'good', shared.text(node.type, 'dialog.diagnosticsSaved'));
        })
        .fail((xhr) => showResult(place, 'bad', shared.requestFailed(node.type, xhr)));
    });
  }

  /**
   * Gives a text field a list to choose from. It is fetched when somebody comes near the field, again when `from` has
   * changed, and by the button beside it. Whatever is typed stays possible: the id may come from the environment.
   *
   * @param {string} type of the dialog's node, for texts
   * @param {{field: JQuery, from?: JQuery, load: (again: boolean) => JQuery.Promise<{value: string, label: string}[]>}} options
   *   `load` rejects with the text to show; `again`: somebody pressed the button
   */
  function choices(type, { field, from, load }) {
    const id = `energy-devices-choices-${field.attr('id')}`;
    const list = $('<datalist>', { id });
    const place = live($('<div>', { class: 'energy-devices-result' }));
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

    const describe = () => {
      if (!known) return;
      const typed = String(field.val()).trim();
      if (typed === '' && known.size === 0)
        showResult(place, 'good', shared.text(type, 'dialog.noSuggestions'));
      else if (typed === '')
        showResult(place, 'good', shared.text(type, 'dialog.choose', { count: known.size }));
      else if (known.has(typed)) showResult(place, 'good', known.get(typed));
      else showResult(place, 'none');
    };
    const fetch = (again = false) => {
      const question = ++asked;
      fetched = true;
      showResult(place, 'busy', shared.text(type, 'dialog.testing'));
      return load(again)
        .done((found) => {
          if (question !== asked) return;
          known = new Map(found.map(({ value, label }) => [value, label]));
          list.empty().append(found.map(({ value, label: text }) => $('<option>', { value, text })));
          describe();
        })
        .fail((/** @type {any} */ message) => {
          if (question === asked) showResult(place, 'bad', message);
        });
    };
    slowButton(button, () => fetch(true));
    const near = () => {
      if (!fetched && (!from || shared.isChosen(from.val()))) fetch();
    };
    field.on('focus pointerenter', near).on('input change', describe);
    from?.on('change', () => {
      asked++;
      fetched = false;
      known = undefined;
      list.empty();
      showResult(place, 'none');
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

  /**
   * Shows only the rows that belong to what is chosen. A row with the class `energy-devices-when` names, in
   * `data-<field>` (lower case), the values of a choosing field with which it shows; with several, all must agree.
   *
   * @param {string[]} fields names of the choosing fields
   * @param {string} [prefix] of their ids
   */
  function rowsFor(fields, prefix = 'node-input') {
    const update = () => {
      $('.energy-devices-when').each((_i, row) => {
        const shown = fields.every((name) => {
          const values = $(row).attr(`data-${name.toLowerCase()}`);
          if (values === undefined) return true;
          const field = $(`#${prefix}-${name}`);
          const value = field.is(':checkbox') ? String(field.prop('checked')) : String(field.val());
          return values.split(' ').includes(value);
        });
        $(row).toggle(shown);
      });
    };
    for (const name of fields) $(`#${prefix}-${name}`).on('change', update);
    update();
  }

  Object.assign(shared, {
    dialog,
    problem,
    showResult,
    slowButton,
    testButton,
    choices,
    deviceChoices,
    rowsFor,
  });
})();
