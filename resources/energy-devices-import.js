// @ts-check
/**
 * Puts many nodes into the editor: in pieces, so that the browser stays alive, and as one step that can be undone.
 */
(function () {
  'use strict';

  const shared = /** @type {any} */ (window).EnergyDevices || {};
  /** @type {any} */ (window).EnergyDevices = shared;

  /** Devices that are inserted before the browser may breathe. */
  const CHUNK = 100;
  /** px, of a node that the editor has not measured yet */
  const NEW_WIDTH = 100;
  const NEW_HEIGHT = 30;

  /**
   * Inserts nodes, so many at a time that the browser stays alive; what has been done is told meanwhile. In the end all of it
   * is one step.
   * @param {any[][]} sets the nodes of each device
   * @param {any} owner the dialog's node
   * @param {(count: number) => void} done is told of how many devices there are nodes now
   */
  function insertNodes(sets, owner, done) {
    /** @type {any} */
    const editor = RED;
    const before = { dirty: editor.nodes.dirty(), tab: editor.workspaces.active() };
    const subflow = editor.nodes.subflow(before.tab);
    const wasChanged = subflow?.changed;
    const note = sets.length > CHUNK ? new Progress(owner.type, sets.length) : undefined;
    const finish = (/** @type {number} */ count) => {
      const instances = subflow && editor.subflow.refresh(true)?.instances;
      const ids = sets.slice(0, count).flatMap((set) => set.map(({ id }) => id));
      const changed = subflow ? { subflow: { id: subflow.id, changed: wasChanged, instances } } : {};
      editor.history.push(oneStep({ ...nothing(before.dirty), nodes: ids, ...changed }));
      editor.nodes.dirty(true);
      editor.events.emit('nodes:change', owner);
      editor.workspaces.refresh();
      editor.view.redraw(true);
      note?.close();
      done(count);
    };
    const next = (/** @type {number} */ from) => {
      const to = Math.min(from + CHUNK, sets.length);
      try {
        quietly(() => importSet(sets.slice(from, to).flat()));
      } catch (thrown) {
        // What there is already can be undone.
        finish(from);
        throw thrown;
      }
      if (to === sets.length) {
        finish(to);
        return;
      }
      note?.tell(to);
      editor.view.redraw(true);
      setTimeout(() => next(to));
    };
    // What is told shows before the first piece.
    if (note) setTimeout(() => next(0));
    else next(0);
  }

  /** Tells how far an insertion is. Nothing else can be done meanwhile. */
  class Progress {
    /**
     * @param {string} type
     * @param {number} total
     */
    constructor(type, total) {
      this.words = (/** @type {number} */ count) => shared.text(type, 'insert.progress', { count, total });
      this.place = $('<p>').text(this.words(0));
      /** @type {any} */
      const editor = RED;
      this.note = editor.notify(/** @type {any} */ (this.place), { modal: true, fixed: true });
      editor.keyboard.disable();
    }

    /** @param {number} count */
    tell(count) {
      this.place.text(this.words(count));
    }

    close() {
      /** @type {any} */
      const { keyboard } = RED;
      keyboard.enable();
      this.note.close();
    }
  }

  /**
   * Does something while the editor does not build its list of config nodes anew for each node.
   * @param {() => void} work
   */
  function quietly(work) {
    pause();
    try {
      work();
    } finally {
      resume();
    }
  }

  /** @type {(() => void) | undefined} */
  let paused;

  function pause() {
    const { config } = /** @type {any} */ (RED).sidebar;
    if (paused) return;
    paused = config.refresh;
    config.refresh = () => undefined;
  }

  function resume() {
    if (paused) /** @type {any} */ (RED).sidebar.config.refresh = paused;
    paused = undefined;
  }

  /**
   * An event of the editor's history that adds nothing.
   * @param {boolean} dirty
   */
  function nothing(dirty) {
    return { t: 'add', nodes: [], links: [], groups: [], junctions: [], workspaces: [], subflows: [], dirty };
  }

  /**
   * One step that can be undone. The editor undoes the last of its parts first; the list of config nodes stays as it is until
   * the whole step has been undone, or done again.
   * @param {any} event
   */
  function oneStep(event) {
    const first = { ...nothing(event.dirty), callback: pause };
    return { t: 'multi', events: [{ ...first }, event, first], dirty: event.dirty, callback: resume };
  }

  /**
   * Ours are whole and where they shall be: nothing hangs at the mouse, and the editor's view hears of them at once.
   * @param {any[]} made
   */
  function importSet(made) {
    /** @type {any} */
    const editor = RED;
    const { nodes } = editor.nodes.import(
      made.map((one) => ({ ...one, ...withoutReferences(one.type) })),
      { markChanged: true, reimport: true, applyNodeDefaults: true },
    );
    for (const node of nodes) {
      // As the editor does with what is pasted.
      if (node.x !== undefined)
        Object.assign(node, { changed: true, moved: true, w: NEW_WIDTH, h: NEW_HEIGHT, resize: true });
    }
    refer(made);
  }

  /**
   * The settings of a type that name config nodes.
   * @param {string} type
   */
  function referencesOf(type) {
    /** @type {any} */
    const { defaults } = RED.nodes.getType(type);
    return Object.keys(defaults).filter((name) => defaults[name].type);
  }

  /** @param {string} type */
  function withoutReferences(type) {
    return Object.fromEntries(referencesOf(type).map((name) => [name, '']));
  }

  /**
   * Gives inserted nodes their config nodes. While it imports, the editor tells everybody of each new user of a config node,
   * and indexes that again: of one with a thousand users a thousand times.
   * @param {any[]} made
   */
  function refer(made) {
    /** @type {any} */
    const editor = RED;
    for (const one of made) {
      const node = editor.nodes.node(one.id);
      for (const name of referencesOf(one.type)) {
        if (!node || !one[name]) continue;
        node[name] = one[name];
        editor.nodes.node(one[name])?.users.push(node);
      }
    }
    for (const { id } of made) editor.editor.validateNode(editor.nodes.node(id));
  }

  Object.assign(shared, { insertNodes });
})();
