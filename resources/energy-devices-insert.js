// @ts-check
/**
 * "Insert all": nodes for every device of an account, a receiver or a pasted list, in one step that can be undone. The
 * dialog of each type says which nodes those are; nothing is asked of a device, and no secret goes into a node.
 */
(function () {
  'use strict';

  const shared = /** @type {any} */ (window).EnergyDevices || {};
  /** @type {any} */ (window).EnergyDevices = shared;

  /**
   * @typedef {{source: string, place: string, name: string}} Device `place`: its id or address
   * @typedef {Record<string, unknown> & {type: string}} Made a node's type and settings
   * @typedef {{load: (node: any) => JQuery.Promise<Device[]>, sources: Record<string, 'id' | 'address'>, form?: RegExp,
   *   keys: Record<string, string[]>, device: (device: Device, id: string) => Made,
   *   reader?: (name: string, device: string) => Made, later?: Record<string, string>}} Insert see types/energy-devices.d.ts
   */

  /** px of the editor's grid, and between two rows of nodes with a status below them */
  const GRID = 20;
  const ROW = 60;
  const TIGHT_ROW = 40;
  const MARGIN = 40;
  const NEW_WIDTH = 100;
  /** px of the workspace, in each direction */
  const SPACE = 8000;
  /** Problems and repeats that are named in one text. */
  const MAX_NAMED = 5;

  /**
   * Wires the button and the field for a pasted list.
   * @param {any} node that the dialog edits
   * @param {Insert} insert
   */
  function insertButton(node, insert) {
    const place = $('#energy-devices-insert-result');
    const pasted = $('#energy-devices-insert-list');
    const fail = (/** @type {string} */ message) => shared.showResult(place, 'bad', message);
    shared.slowButton($('#energy-devices-insert'), () => {
      const text = String(pasted.val());
      shared.showResult(place, 'busy', shared.text(node.type, 'dialog.testing'));
      const found =
        text.trim() === '' ? insert.load(node).then(withoutNotes) : fromList(node.type, text, insert);
      return found
        .done((/** @type {{devices: Device[], notes: string[]}} */ { devices, notes }) => {
          const wrong = insertAll(node, insert, devices, notes);
          if (wrong) fail(wrong);
        })
        .fail(fail);
    });
  }

  /** @param {Device[]} devices */
  function withoutNotes(devices) {
    return { devices, notes: /** @type {string[]} */ ([]) };
  }

  /**
   * @param {string} type
   * @param {string} text
   * @param {Insert} insert
   * @returns {JQuery.Promise<any>}
   */
  function fromList(type, text, { sources, form }) {
    const rules = { sources, form, address: shared.addressProblem };
    const { rows, problems, repeated, ignored } = shared.readList(text, rules);
    const say = (/** @type {string} */ key, /** @type {object} */ params) => shared.text(type, key, params);
    const some = (/** @type {any[]} */ all, /** @type {(one: any) => string} */ words) =>
      all.slice(0, MAX_NAMED).map(words).join(' ') + (all.length > MAX_NAMED ? ' …' : '');
    if (problems.length > 0) {
      const lines = some(problems, ({ line, key, params }) =>
        say('paste.line', { line, text: say(key, params || {}) }),
      );
      return $.Deferred()
        .reject(`${say('paste.nothing', { count: problems.length })} ${lines}`)
        .promise();
    }
    const notes = [];
    if (repeated.length > 0) notes.push(some(repeated, (one) => say('paste.repeated', one)));
    if (ignored.length > 0)
      notes.push(say('paste.ignored', { columns: ignored.slice(0, MAX_NAMED).join(', ') }));
    return $.Deferred().resolve({ devices: rows, notes }).promise();
  }

  /**
   * What stands for one device, whatever it is called: by source and id or address.
   * @param {any} node
   * @param {Insert} insert
   */
  function keyOf(node, { keys, sources }) {
    const [usual = ''] = Object.keys(keys);
    const source = String(node.source ?? usual);
    const settings = keys[source] ?? [];
    const values = settings.map((name) => String(node[name] ?? ''));
    const place = values.pop() ?? '';
    return [...values, shared.samePlace(source, place, { sources })].join(' ');
  }

  /**
   * @param {any} node
   * @param {Insert} insert
   * @param {Device[]} devices
   * @param {string[]} notes
   * @returns {string | undefined} why nothing was inserted
   */
  function insertAll(node, insert, devices, notes) {
    const say = (/** @type {string} */ key, /** @type {object} */ params) =>
      shared.text(node.type, key, params);
    /** @type {any} */
    const editor = RED;
    if (editor.workspaces.isLocked()) return say('insert.locked', {});
    const all = devices.map((device) => ({ device, made: insert.device(device, node.id) }));
    const type = all[0]?.made.type;
    /** @type {Set<string>} */
    const known = new Set();
    const note = (/** @type {any} */ one) => {
      if (one.type === type) known.add(keyOf(one, insert));
    };
    editor.nodes.eachConfig(note);
    editor.nodes.eachNode(note);
    const fresh = all.filter(({ made }) => {
      const key = keyOf(made, insert);
      return !known.has(key) && known.add(key);
    });
    const there = all.length - fresh.length;
    const place = $('#energy-devices-insert-result');
    if (fresh.length === 0) {
      shared.showResult(place, 'good', [say('insert.nothing', { there }), ...notes].join(' '));
      return undefined;
    }
    const names = fresh.map(({ device }) => device.name || device.place);
    const spots = grid(names, lowestNode());
    if (!spots) return say('insert.noRoom', { count: fresh.length });
    // Saved as by its own button, so that the new nodes have what they refer to.
    $('#node-config-dialog-ok').trigger('click');
    const owner = editor.nodes.node(node.id);
    if (!owner) return say('insert.notSaved', {});
    const tab = String(RED.workspaces.active());
    const sets = fresh.map(({ made: one }, i) =>
      nodesOf(one, String(names[i]), spots[i], insert, { tab, scope: owner.z }),
    );
    for (const [source, key] of Object.entries(insert.later ?? {})) {
      const count = fresh.filter(({ device }) => device.source === source).length;
      if (count > 0) notes.unshift(say(key, { count }));
    }
    shared.insertNodes(sets, owner, (/** @type {number} */ count) => {
      editor.notify($('<p>').text([say('insert.done', { count, there }), ...notes].join(' ')), {
        type: 'success',
        timeout: notes.length > 0 ? 15_000 : 5000,
      });
    });
    return undefined;
  }

  /**
   * A device's nodes: the one that stands for it, and where that is a config node, one that reads it.
   * @param {Made} made
   * @param {string} name
   * @param {{x: number, y: number} | undefined} spot
   * @param {Insert} insert
   * @param {{tab: string, scope: string | undefined}} where `scope`: of the dialog's node, to which what refers to it is bound
   */
  function nodesOf(made, name, spot, { reader }, { tab: z, scope }) {
    const id = RED.nodes.id();
    const first = { ...complete({ ...made, name, id }), ...identityFor(made.type, reader && scope) };
    if (!reader) return [{ ...first, ...spot, z, wires: wiresOf(made.type) }];
    const second = { ...complete({ ...reader(name, id), id: RED.nodes.id() }), ...spot, z };
    return [
      { ...first, ...(scope ? { z: scope } : {}) },
      { ...second, wires: wiresOf(second.type) },
    ];
  }

  /**
   * A new device is known by an identity of its own, as in its dialog.
   * @param {string} type
   * @param {string | undefined} scope
   */
  function identityFor(type, scope) {
    const { defaults } = /** @type {any} */ (RED.nodes.getType(type));
    return 'deviceUid' in defaults ? { deviceUid: shared.drawIdentity(scope) } : {};
  }

  /**
   * A node with the defaults of all its settings, as the palette makes it.
   * @param {Made & {id: string}} made
   * @returns {any}
   */
  function complete(made) {
    /** @type {any} */
    const { defaults } = RED.nodes.getType(made.type);
    const usual = Object.entries(defaults).map(([name, { value }]) => [name, structuredClone(value)]);
    return { ...Object.fromEntries(usual), ...made };
  }

  /** @param {string} type */
  function wiresOf(type) {
    const { outputs = 0 } = /** @type {any} */ (RED.nodes.getType(type));
    return Array.from({ length: outputs }, () => []);
  }

  /** The lowest edge of what stands on the open tab, px. */
  function lowestNode() {
    let lowest = 0;
    const z = RED.workspaces.active();
    /** @type {any} */
    const { nodes } = RED;
    for (const one of [...nodes.filterNodes({ z }), ...nodes.groups(z), ...nodes.junctions(z)]) {
      lowest = Math.max(lowest, one.type === 'group' ? one.y + one.h : one.y + GRID);
    }
    return lowest;
  }

  /**
   * Places in columns below what is there, wide enough for the longest name.
   * @param {string[]} names
   * @param {number} below px
   * @returns {{x: number, y: number}[] | undefined} `undefined`: there is no room
   */
  function grid(names, below) {
    const onGrid = (/** @type {number} */ px) => Math.ceil(px / GRID) * GRID;
    const longest = names.reduce((most, { length }) => Math.max(most, length), 0);
    const width = onGrid(Math.min(80 + 7 * longest, 600));
    const top = onGrid(below + MARGIN);
    const mostColumns = Math.floor((SPACE - MARGIN) / (width + MARGIN));
    const columns = Math.min(mostColumns, Math.ceil(Math.sqrt(names.length / 2.5)));
    const fits = (/** @type {number} */ row) =>
      [columns, mostColumns].find((count) => top + Math.ceil(names.length / count) * row <= SPACE - MARGIN);
    const row = fits(ROW) ? ROW : TIGHT_ROW;
    const used = fits(row);
    if (!used) return undefined;
    const rows = Math.ceil(names.length / used);
    return names.map((_name, i) => ({
      // The editor takes a node for this wide at first, and keeps its left edge when it knows the name's width.
      x: MARGIN + NEW_WIDTH / 2 + Math.floor(i / rows) * (width + MARGIN),
      y: top + (i % rows) * row,
    }));
  }

  Object.assign(shared, { insertButton, insertGrid: grid });
})();
