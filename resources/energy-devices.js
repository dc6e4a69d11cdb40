// @ts-check
/**
 * What the dialogs of all node types share. Node-RED serves this file below resources/<package>/, and every dialog
 * loads it before its own registration.
 */
(function () {
  'use strict';

  const MODULE = 'node-red-contrib-energy-devices';

  /**
   * A text of a node type's catalogue, in the editor's language.
   * @param {string} type
   * @param {string} key
   * @param {Record<string, string | number>} [params]
   * @returns {string}
   */
  function text(type, key, params) {
    return RED._(`${MODULE}/${type}:${key}`, params);
  }

  /**
   * The text of an error that the runtime reported.
   * @param {string} type
   * @param {{reason?: string, code?: string, message?: string, params?: Record<string, string | number>}} error
   */
  function errorText(type, error) {
    const key = `errors.${error.reason || error.code || 'unexpected'}`;
    const translated = text(type, key, error.params || {});
    return translated.endsWith(key) ? error.message || translated : translated;
  }

  /**
   * A whole value of the form ${NAME} is taken from the environment when the flow starts.
   * @param {unknown} value
   */
  function isEnv(value) {
    return /^\$\{[^}]+\}$/.test(String(value).trim());
  }

  /**
   * Validator: a number not below `min`.
   * @param {string} type
   * @param {number} min
   * @param {boolean} [blankAllowed]
   */
  function atLeast(type, min, blankAllowed) {
    return (/** @type {unknown} */ value) => {
      const typed = value === undefined || value === null ? '' : String(value).trim();
      if ((typed === '' && blankAllowed) || isEnv(typed)) return true;
      // The same notation that the runtime takes: Number() would also read 0x10 and Infinity.
      if (/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(typed) && Number(typed) >= min) return true;
      return text(type, 'invalid.atLeast', { min });
    };
  }

  /**
   * Validator: a host name, an IP, host:port or an http(s) URL.
   * @param {string} type
   */
  function address(type) {
    return (/** @type {unknown} */ value) => {
      const typed = value === undefined || value === null ? '' : String(value).trim();
      if (typed === '') return text(type, 'errors.addressEmpty');
      if (isEnv(typed)) return true;
      const hasProtocol = /^[a-z][a-z0-9+.-]*:\/\//i.test(typed);
      try {
        const url = new URL(hasProtocol ? typed : `http://${typed}`);
        const plain = !url.username && !url.password && !url.search && !url.hash && !/\s/.test(typed);
        if (/^https?:$/.test(url.protocol) && url.hostname && plain) return true;
      } catch {
        // falls through to the message
      }
      return text(type, 'errors.addressInvalid');
    };
  }

  /**
   * Collects the values of a config dialog's fields.
   * @param {string[]} names
   */
  function fieldValues(names) {
    /** @type {Record<string, unknown>} */
    const values = {};
    for (const name of names) {
      const field = $(`#node-config-input-${name}`);
      values[name] = field.is(':checkbox') ? field.prop('checked') : field.val();
    }
    return values;
  }

  /**
   * Shows the outcome of a button beside it.
   * @param {JQuery} place
   * @param {'busy' | 'good' | 'bad'} state
   * @param {string} message
   */
  function showResult(place, state, message) {
    const icon = { busy: 'fa-spinner fa-spin', good: 'fa-check-circle', bad: 'fa-exclamation-circle' }[state];
    const color = { busy: 'secondary', good: 'success', bad: 'error' }[state];
    place
      .attr({ role: 'status', 'aria-live': 'polite', 'data-state': state })
      .css({
        color: `var(--red-ui-text-color-${color})`,
        display: 'block',
        margin: '6px 0 0 104px',
        lineHeight: '1.4',
      })
      .empty()
      .append(
        $('<i>', { class: `fa ${icon}`, css: { marginRight: '6px' } }),
        document.createTextNode(message),
      );
  }

  /**
   * Asks the runtime, with the dialog's values as they stand, before any deploy.
   *
   * @param {{type: string, id: string}} node
   * @param {string} action
   * @param {{settings: string[], credentials: string[]}} fields names of the dialog's fields to send
   * @returns {JQuery.Promise<any>} resolves with the answer; rejects with the text to show
   */
  function ask(node, action, fields) {
    return request(node.type, node.id, action, {
      settings: fieldValues(fields.settings),
      credentials: fieldValues(fields.credentials),
    });
  }

  /**
   * Asks the runtime with values that do not all come from the open dialog, such as those of another config node.
   *
   * @param {string} type of the config node that answers
   * @param {string} id
   * @param {string} action
   * @param {{settings: Record<string, unknown>, credentials: Record<string, unknown>}} values
   * @returns {JQuery.Promise<any>} as `ask`
   */
  function request(type, id, action, values) {
    const result = $.Deferred();
    $.ajax({
      url: `energy-devices/${type}/${encodeURIComponent(id)}/${action}`,
      type: 'POST',
      contentType: 'application/json; charset=utf-8',
      data: JSON.stringify(values),
    })
      .done((answer) => {
        if (answer && answer.ok) result.resolve(answer);
        else result.reject(errorText(type, answer || {}));
      })
      .fail((xhr) => result.reject(requestFailed(type, xhr.status)));
    return result.promise();
  }

  /**
   * @param {string} type
   * @param {number} status
   */
  function requestFailed(type, status) {
    if (status === 401 || status === 403) return text(type, 'dialog.notPermitted');
    if (status === 404) return text(type, 'errors.notDeployed');
    return text(type, 'dialog.runtimeGone');
  }

  /**
   * Wires a "Test connection" button.
   *
   * @param {{type: string, id: string}} node
   * @param {{settings: string[], credentials: string[], describe: (answer: any) => string, ask?: () => JQuery.Promise<any>}} options
   *   `describe` makes the text for a success; `ask` asks in another way than with this dialog's fields
   */
  function testButton(node, options) {
    const button = $('#energy-devices-test');
    const place = $('#energy-devices-test-result');
    button.on('click', (event) => {
      event.preventDefault();
      button.prop('disabled', true);
      showResult(place, 'busy', text(node.type, 'dialog.testing'));
      (options.ask ? options.ask() : ask(node, 'test', options))
        .done((answer) => showResult(place, 'good', options.describe(answer)))
        .fail((/** @type {string} */ message) => showResult(place, 'bad', message))
        .always(() => button.prop('disabled', false));
    });
  }

  /**
   * Saves a text as a file of the browser's user.
   * @param {string} name
   * @param {string} content
   * @param {string} type
   */
  function download(name, content, type) {
    const link = document.createElement('a');
    link.href = URL.createObjectURL(new Blob([content], { type }));
    link.download = name;
    link.click();
    URL.revokeObjectURL(link.href);
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
          download(name, JSON.stringify(report, null, 2), 'application/json');
          showResult(place, 'good', text(node.type, 'dialog.diagnosticsSaved'));
        })
        .fail((xhr) => showResult(place, 'bad', requestFailed(node.type, xhr.status)));
    });
  }

  /**
   * Fills a text field's list of suggestions with what the config node knows: its devices, say. Whatever is typed
   * stays possible, because the config node may not be deployed yet, or the id may come from the environment.
   *
   * @param {string} type the flow node's type, for texts
   * @param {{config: string, field: string, configType: string, action: string}} options
   *   `config` and `field` name the dialog's fields; the answer's `devices` are `{id, label}`
   */
  function suggestions(type, options) {
    const field = $(`#node-input-${options.field}`);
    const place = $('<span>');
    const list = $('<datalist>', { id: `energy-devices-list-${options.field}` });
    const label = text(type, 'dialog.suggest');
    const button = $('<button>', {
      type: 'button',
      class: 'red-ui-button',
      title: label,
      'aria-label': label,
    });
    button.append($('<i>', { class: 'fa fa-refresh' })).css({ marginLeft: '4px' });
    field.attr('list', `energy-devices-list-${options.field}`).css({ width: 'calc(70% - 44px)' });
    field.after(button, list, place);
    button.on('click', (event) => {
      event.preventDefault();
      const id = String($(`#node-input-${options.config}`).val());
      showResult(place, 'busy', text(type, 'dialog.testing'));
      ask({ type: options.configType, id }, options.action, { settings: [], credentials: [] })
        .done((/** @type {{devices: {id: string, label: string}[]}} */ answer) => {
          list.empty().append(answer.devices.map((one) => $('<option>', { value: one.id, text: one.label })));
          const [only] = answer.devices;
          if (only && answer.devices.length === 1 && !field.val()) field.val(only.id).trigger('change');
          const names = answer.devices.map((one) => `${one.label} (${one.id})`).join(', ');
          showResult(place, 'good', names || text(type, 'dialog.noSuggestions'));
        })
        .fail((/** @type {string} */ message) => showResult(place, 'bad', message));
    });
  }

  /**
   * Shows only the rows that belong to what is chosen. A row with the class `energy-devices-when` names, in
   * `data-<field>` (lower case), the values of a choosing field with which it shows; with several, all must agree.
   *
   * @param {string[]} fields names of the choosing fields
   */
  function rowsFor(fields) {
    const update = () => {
      $('.energy-devices-when').each((_i, row) => {
        const shown = fields.every((name) => {
          const values = $(row).attr(`data-${name.toLowerCase()}`);
          if (values === undefined) return true;
          const field = $(`#node-input-${name}`);
          const value = field.is(':checkbox') ? String(field.prop('checked')) : String(field.val());
          return values.split(' ').includes(value);
        });
        $(row).toggle(shown);
      });
    };
    for (const name of fields) $(`#node-input-${name}`).on('change', update);
    update();
  }

  /**
   * A property as it stands in the open dialog, else as the node holds it: for validators that depend on another
   * property, because they are called with the node as it was before the dialog.
   *
   * @param {Record<string, unknown> & {_def?: {category?: string}}} node
   * @param {string} name
   */
  function present(node, name) {
    const prefix = node._def?.category === 'config' ? 'node-config-input' : 'node-input';
    const field = $(`#${prefix}-${name}`);
    if (field.length === 0) return node[name];
    return field.is(':checkbox') ? field.prop('checked') : field.val();
  }

  /**
   * A number in the editor's language.
   * @param {number | null} value
   */
  function number(value) {
    return value === null ? '–' : value.toLocaleString(RED.i18n.lang() || undefined);
  }

  /** @type {any} */ (window).EnergyDevices = {
    text,
    errorText,
    isEnv,
    atLeast,
    address,
    ask,
    request,
    requestFailed,
    fieldValues,
    download,
    showResult,
    testButton,
    diagnosticsButton,
    suggestions,
    rowsFor,
    present,
    number,
  };
})();
