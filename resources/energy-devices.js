// @ts-check
/**
 * What the dialogs of all node types share: texts, validators, and questions to the runtime. Node-RED serves this file
 * below resources/<package>/, and every dialog loads it, with energy-devices-dialog.js, before its own registration.
 */
(function () {
  'use strict';

  const MODULE = 'node-red-contrib-energy-devices';
  /** The node set in whose catalogue the errors are that all types may tell, as in the runtime. */
  const SHARED_TEXTS = `${MODULE}/poweropti-device`;

  /**
   * Fills a text's placeholders, `__name__`. Values come from devices and other people: the editor's own mechanism would
   * take what looks like an expression in them for one, and evaluate it.
   * @param {string} template
   * @param {Record<string, unknown>} params
   */
  function fill(template, params) {
    return template.replace(/__(\w{1,40}?)__/g, (all, name) =>
      Object.prototype.hasOwnProperty.call(params, name) ? String(params[name]) : all,
    );
  }

  /**
   * Looks a text up in a catalogue of the editor. The one place that hands anything to the editor's translation.
   * @param {string} key with the catalogue's name before a colon, or one of the editor's own
   * @param {Record<string, unknown>} [params]
   * @returns {string} the key where there is no text
   */
  function lookUp(key, params = {}) {
    // A key that is none of ours would be evaluated like a text that holds it.
    if (!/^([\w./-]{1,120}:)?[\w.-]{1,120}$/.test(key)) return key;
    /** @type {unknown} */
    const template = RED._(key, /** @type {any} */ ({ skipInterpolation: true }));
    return typeof template === 'string' ? fill(template, params) : key;
  }

  /**
   * A text of a node type's catalogue, else of that of all, in the editor's language.
   * @param {string} type
   * @param {string} key
   * @param {Record<string, unknown>} [params]
   * @returns {string}
   */
  function text(type, key, params) {
    const own = lookUp(`${MODULE}/${type}:${key}`, params);
    return own.endsWith(key) ? lookUp(`${SHARED_TEXTS}:${key}`, params) : own;
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
   * A whole value of the form ${NAME} or $(NAME) is taken from the environment when the flow starts.
   * @param {unknown} value
   */
  function isEnv(value) {
    return /^\$(\{\S+\}|\(\S+\))$/.test(String(value).trim());
  }

  /**
   * What is wrong with an address, by the rules of the runtime; an empty text for nothing.
   * @param {string} typed
   * @returns {string} a key of the catalogue
   */
  function addressProblem(typed) {
    if (/\$[{(]/.test(typed)) return 'errors.variablePart';
    const [protocol = ''] = /^[a-z][a-z0-9+.-]{0,20}:\/\//i.exec(typed) || [];
    const rest = typed.slice(protocol.length);
    const [authority = ''] = rest.split(/[/?#]/, 1);
    // A protocol that has lost a slash is no host.
    if (!protocol && authority.endsWith(':') && authority !== rest) return 'errors.addressInvalid';
    const bare6 = /^[0-9a-f]*:[0-9a-f]*:[0-9a-f:.]*(%[\w.~-]+)?$/i.test(authority);
    const host = bare6 ? `[${authority}]` : authority;
    const name = bare6 || host.startsWith('[') ? '' : authority.replace(/:.*$/s, '').replace(/\.$/, '');
    const groups = /^\d{1,3}(\.\d{1,3}){3}$/.test(name) ? name.split('.').map(Number) : [];
    if (groups.some((group) => group > 255)) return 'errors.addressNumber';
    const decimal = groups.length > 0;
    if (!decimal && /(^|\.)(\p{Nd}+|0x[0-9a-f]*)$/iu.test(name)) return 'errors.addressNumber';
    // A browser's URL has no place for a zone, and reads leading zeros as octal.
    const readable = decimal ? host.replace(name, groups.join('.')) : host.replace(/%[\w.~-]+\]/, ']');
    try {
      const url = new URL(`${protocol || 'http://'}${readable}${rest.slice(authority.length)}`);
      if (!decimal && /^\d+(\.\d+){3}$/.test(url.hostname)) return 'errors.addressNumber';
      const plain = !url.username && !url.password && !url.search && !url.hash && !/[\s\\]/.test(typed);
      if (/^https?:$/.test(url.protocol) && url.hostname && plain) return '';
    } catch {
      // falls through to the message
    }
    return 'errors.addressInvalid';
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
      const problem = addressProblem(typed);
      return problem === '' || text(type, problem);
    };
  }

  /**
   * Collects the values of a dialog's fields: those of a config dialog, else those of a flow node's.
   * @param {string[]} names
   */
  function fieldValues(names) {
    /** @type {Record<string, unknown>} */
    const values = {};
    for (const name of names) {
      const own = $(`#node-config-input-${name}`);
      const field = own.length > 0 ? own : $(`#node-input-${name}`);
      values[name] = field.is(':checkbox') ? field.prop('checked') : field.val();
    }
    return values;
  }

  /**
   * Asks the runtime, with the dialog's values as they stand, before any deploy.
   *
   * @param {{type: string, id: string}} node
   * @param {string} action
   * @param {{settings: string[], credentials: string[], more?: Record<string, unknown>}} fields names of the dialog's
   *   fields to send, and settings that stand in no field
   * @returns {JQuery.Promise<any>} resolves with the answer; rejects with the text to show
   */
  function ask(node, action, fields) {
    return request(node.type, node.id, action, {
      settings: { ...fieldValues(fields.settings), ...fields.more },
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
      .fail((xhr) => result.reject(requestFailed(type, xhr)));
    return result.promise();
  }

  /**
   * Whether a config node is chosen that the editor knows. In a subflow it may be named by an environment variable.
   * @param {unknown} id
   */
  function isChosen(id) {
    return Boolean(id) && id !== '_ADD_' && !isEnv(id);
  }

  /**
   * Asks a config node that the open dialog refers to, with its values as the editor has them, before any deploy. What
   * the editor does not know is stored in the runtime.
   *
   * @param {unknown} id
   * @param {string} action
   * @param {{type: string, settings: string[], credentials: string[], missing: string, more?: Record<string, unknown>}} options
   *   `type` of the config node; `missing`: key of the text for when none is chosen; `more` goes to the settings
   * @returns {JQuery.Promise<any>} as `ask`
   */
  function askChosen(id, action, { type, settings, credentials, missing, more }) {
    const chosen = /** @type {any} */ (isChosen(id) ? RED.nodes.node(String(id)) : null);
    if (!chosen) return $.Deferred().reject(text(type, missing)).promise();
    const typed = chosen.credentials || {};
    return request(type, chosen.id, action, {
      settings: { ...Object.fromEntries(settings.map((name) => [name, chosen[name]])), ...more },
      credentials: Object.fromEntries(
        credentials.map((name) => [name, typed[name] === undefined ? '__PWRD__' : typed[name]]),
      ),
    });
  }

  /**
   * @param {string} type
   * @param {{status: number, responseJSON?: any}} xhr
   */
  function requestFailed(type, { status, responseJSON }) {
    const foreign = responseJSON && responseJSON.reason === 'foreignPage';
    if ((status === 401 || status === 403) && !foreign) return text(type, 'dialog.notPermitted');
    if (status === 404) return text(type, 'errors.notDeployed');
    return responseJSON && responseJSON.reason
      ? errorText(type, responseJSON)
      : text(type, 'dialog.runtimeGone');
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
   * A number in the editor's language.
   * @param {number | null} value
   */
  function number(value) {
    return value === null ? '–' : value.toLocaleString(RED.i18n.lang() || undefined);
  }

  /** @type {any} */
  const everywhere = window;
  everywhere.EnergyDevices = Object.assign(everywhere.EnergyDevices || {}, {
    text,
    lookUp,
    errorText,
    isEnv,
    address,
    addressProblem,
    ask,
    askChosen,
    isChosen,
    request,
    requestFailed,
    fieldValues,
    download,
    number,
  });
})();
