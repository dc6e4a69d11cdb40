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
   *   defaults: Record<string, Definition>, credentials?: Record<string, Definition>}, [setting: string]: any}} EditedNode
   * @typedef {{value?: unknown, type?: string, required?: boolean, validate?: (value: unknown, opt: object) => unknown}} Definition
   */

  /**
   * Makes the open form one of ours. Called at the beginning of `oneditprepare`, when the fields have their values.
   * @param {EditedNode} node
   */
  function dialog(node) {
    const prefix = node._def.category === 'config' ? 'node-config-input' : 'node-input';
    const form = $(`#${prefix}-name`).closest('form').addClass('energy-devices-dialog');
    fillDefaults(node, prefix);
    // A screen reader tells of changes only in places that it knew before.
    live(form.find('.energy-devices-result'));
    for (const [name, definition] of Object.entries(node._def.defaults)) {
      if (definition.type) reachable(form, `${prefix}-btn-${name}`, definition.type);
    }
    explain(node, prefix);
    if (form.find('#energy-devices-diagnostics').length > 0) diagnosticsButton(node);
  }

  /**
   * A flow may be older than a setting. The dialog then shows the default, as the runtime takes it; the editor would show
   * nothing, and take that for a change.
   * @param {EditedNode} node
   * @param {string} prefix
   */
  function fillDefaults(node, prefix) {
    for (const [name, { value }] of Object.entries(node._def.defaults)) {
      // Its version is what tells the runtime that the flow is older.
      if (node[name] !== undefined || name === 'configVersion') continue;
      node[name] = structuredClone(value);
      const field = $(`#${prefix}-${name}`);
      if (typeof value === 'boolean') field.prop('checked', value);
      else if (typeof value === 'number' || (typeof value === 'string' && value !== '')) field.val(value);
    }
    const { credentials } = node;
    if (!credentials) return;
    // The same with a secret that was never entered.
    for (const [name, { type }] of Object.entries(node._def.credentials || {})) {
      if (credentials[name] !== undefined) continue;
      if (type === 'password') credentials[`has_${name}`] ??= false;
      else credentials[name] = '';
    }
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
          // Which value a variable has is known when the flow starts: whatever may be needed can be filled in.
          if (shared.isEnv(value)) return true;
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
    live,
    showResult,
    slowButton,
    testButton,
    rowsFor,
  });
})();
