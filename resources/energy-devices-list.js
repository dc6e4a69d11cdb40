// @ts-check
/**
 * Reads a pasted list of devices, CSV or JSON. It is told everything and touches no page, so that it can be tested without
 * a browser.
 */
(function () {
  'use strict';

  const shared = /** @type {any} */ (window).EnergyDevices || {};
  /** @type {any} */ (window).EnergyDevices = shared;

  /**
   * @typedef {'id' | 'address'} Place how a device of a source is found
   * @typedef {{sources: Record<string, Place>, form?: RegExp, address?: (text: string) => string}} Rules
   *   `sources` that a row may name, the first one for rows that name none; `form` of an id; `address` says what is wrong
   *   with one, as a key of the catalogue, an empty text for nothing
   * @typedef {{line: number, name: string, source: string, place: string}} Row `place`: the id or the address
   * @typedef {{line: number, key: string, params?: Record<string, string | number>}} Problem
   * @typedef {{rows: Row[], problems: Problem[], repeated: {line: number, first: number, name: string}[], ignored: string[]}} List
   * @typedef {'name' | 'source' | 'id' | 'address'} Column
   */

  const MAX_ROWS = 5000;
  const MAX_LENGTH = 4 * 1024 * 1024;
  /** More of them help nobody. */
  const MAX_PROBLEMS = 100;
  const LONGEST = 128;

  /**
   * What columns may be called, without blanks, dashes and capitals.
   * @type {Record<string, Column>}
   */
  const COLUMNS = {
    name: 'name',
    label: 'name',
    description: 'name',
    bezeichnung: 'name',
    názov: 'name',
    meno: 'name',
    source: 'source',
    quelle: 'source',
    zdroj: 'source',
    id: 'id',
    deviceid: 'id',
    upsid: 'id',
    cmm: 'id',
    address: 'address',
    url: 'address',
    host: 'address',
    ip: 'address',
    adresse: 'address',
    adresa: 'address',
  };

  /** @param {string} heading */
  function columnOf(heading) {
    const plain = heading
      .normalize('NFC')
      .toLowerCase()
      .replace(/[\s_-]/g, '');
    return Object.prototype.hasOwnProperty.call(COLUMNS, plain) ? COLUMNS[plain] : undefined;
  }

  /** Whoever reads the rows stops with this one. */
  class Wrong extends Error {
    /**
     * @param {number} line
     * @param {string} key
     * @param {Record<string, string | number>} [params]
     */
    constructor(line, key, params = {}) {
      super(key);
      this.problem = { line, key: `paste.${key}`, params };
    }
  }

  /**
   * Reads a list. With problems nothing of it counts.
   * @param {string} text
   * @param {Rules} rules
   * @returns {List} a device that comes twice is in `rows` once, and named in `repeated`
   */
  function readList(text, rules) {
    /** @type {List} */
    const list = { rows: [], problems: [], repeated: [], ignored: [] };
    try {
      const plain = text.replace(/^\uFEFF/, '');
      if (plain.length > MAX_LENGTH) throw new Wrong(1, 'tooLong', { most: MAX_LENGTH });
      if (plain.trim() === '') throw new Wrong(1, 'empty');
      const read = /^\s*[[{]/.test(plain) ? jsonRecords : csvRecords;
      collect(read(plain, list.ignored), rules, list);
    } catch (thrown) {
      if (!(thrown instanceof Wrong)) throw thrown;
      list.problems.push(thrown.problem);
    }
    if (list.problems.length > 0) list.rows = [];
    return list;
  }

  /**
   * @param {Iterable<{line: number, values?: Record<Column, unknown>, problem?: Problem}>} records
   * @param {Rules} rules
   * @param {List} list
   */
  function collect(records, rules, list) {
    /** @type {Map<string, number>} */
    const lines = new Map();
    let count = 0;
    for (const { line, values, problem } of records) {
      if (++count > MAX_ROWS) throw new Wrong(line, 'tooMany', { most: MAX_ROWS });
      if (list.problems.length >= MAX_PROBLEMS) return;
      const read = values ? rowOf(line, values, rules) : problem;
      if (!read) continue;
      if ('key' in read) {
        list.problems.push(read);
        continue;
      }
      const same = samePlace(read.source, read.place, rules);
      const first = lines.get(same);
      if (first === undefined) {
        lines.set(same, line);
        list.rows.push(read);
      } else list.repeated.push({ line, first, name: read.name || read.place });
    }
    if (count === 0) throw new Wrong(1, 'empty');
  }

  /**
   * @param {number} line
   * @param {Record<Column, unknown>} values
   * @param {Rules} rules
   * @returns {Row | Problem}
   */
  function rowOf(line, values, { sources, form, address }) {
    /** @type {(key: string, params?: Record<string, string | number>) => Problem} */
    const wrong = (key, params = {}) => ({ line, key, params });
    /** @type {Record<string, string>} */
    const texts = {};
    for (const [column, value] of Object.entries(values)) {
      const text = textOf(value);
      if (text === undefined || text.length > LONGEST) return wrong('paste.value', { column, most: LONGEST });
      texts[column] = text;
    }
    const { name = '', id = '' } = texts;
    const names = Object.keys(sources);
    const source = texts.source
      ? texts.source.toLowerCase()
      : (names.find((one) => texts[sources[one] ?? '']) ?? names[0] ?? '');
    const place = Object.prototype.hasOwnProperty.call(sources, source) ? sources[source] : undefined;
    if (place === undefined) return wrong('paste.source', { sources: names.join(', ') });
    const found = place === 'id' ? id : (texts.address ?? '');
    if (found === '') return wrong(place === 'id' ? 'paste.noId' : 'paste.noAddress');
    const isVariable = /^\$(\{\S+\}|\(\S+\))$/.test(found);
    if (place === 'id' && form && !isVariable && !form.test(found)) return wrong('paste.id');
    const said = place === 'address' && address && !isVariable ? address(found) : '';
    return said ? wrong(said) : { line, name, source, place: found };
  }

  /**
   * A value as one line of text; `undefined` for what is none.
   * @param {unknown} value
   */
  function textOf(value) {
    if (value === undefined || value === null) return '';
    if (typeof value === 'number') return Number.isSafeInteger(value) ? String(value) : undefined;
    if (typeof value !== 'string') return undefined;
    return value.replace(/[\s\p{Cc}]+/gu, ' ').trim();
  }

  /**
   * One spelling of where a device is found.
   * @param {string} source
   * @param {string} place
   * @param {Pick<Rules, 'sources'>} rules
   */
  function samePlace(source, place, { sources }) {
    const plain = place.trim().normalize('NFC');
    if (sources[source] !== 'address') return `${source} ${plain}`;
    let address = plain.toLowerCase().replace(/^http:\/\//, '');
    while (address.endsWith('/')) address = address.slice(0, -1);
    const end = address.indexOf('/');
    const host = end < 0 ? address : address.slice(0, end);
    return `${source} ${host.endsWith(':80') ? host.slice(0, -3) : host}${address.slice(host.length)}`;
  }

  /**
   * @param {string} text
   * @param {string[]} ignored takes the headings that mean nothing here
   */
  function* csvRecords(text, ignored) {
    const own = /^sep=([,;\t])\r?\n/i.exec(text);
    const separator = own?.[1] ?? separatorOf(text);
    const all = cellsOf(own ? text.slice(own[0].length) : text, separator, own ? 2 : 1);
    const head = all.next().value;
    if (!head) return;
    const columns = head.cells.map(columnOf);
    if (!columns.includes('id') && !columns.includes('address')) throw new Wrong(head.line, 'header');
    const twice = columns.find((column, i) => column !== undefined && columns.indexOf(column) !== i);
    if (twice) throw new Wrong(head.line, 'columnTwice', { column: twice });
    ignored.push(...head.cells.filter((cell, i) => cell !== '' && columns[i] === undefined));
    for (const { line, cells } of all) {
      /** @type {Record<string, unknown>} */
      const values = {};
      columns.forEach((column, i) => {
        if (column) values[column] = cells[i] ?? '';
      });
      const problem =
        cells.length > columns.length
          ? { line, key: 'paste.cells', params: { cells: cells.length, columns: columns.length } }
          : undefined;
      yield problem ? { line, problem } : { line, values: /** @type {Record<Column, unknown>} */ (values) };
    }
  }

  /**
   * The separator that the first line has most of, outside of quotes.
   * @param {string} text
   */
  function separatorOf(text) {
    const [first = ''] = text.trimStart().split(/[\r\n]/, 1);
    const bare = first.replace(/"[^"]*"/g, '');
    const counts = [',', ';', '\t'].map((one) => ({ one, count: bare.split(one).length }));
    return counts.reduce((best, next) => (next.count > best.count ? next : best)).one;
  }

  /**
   * The lines' cells, without blank lines. A cell in quotes may hold separators, ends of lines and doubled quotes.
   * @param {string} text
   * @param {string} separator
   * @param {number} first number of the first line
   */
  function* cellsOf(text, separator, first) {
    let line = first;
    let start = line;
    /** @type {string[]} */
    let cells = [];
    let at = 0;
    while (at <= text.length) {
      while (text[at] === ' ' || (text[at] === '\t' && separator !== '\t')) at++;
      let cell = '';
      if (text[at] === '"') {
        const opened = line;
        for (at++; ; at++) {
          const next = text[at];
          if (next === undefined) throw new Wrong(opened, 'quote');
          if (next === '"' && text[++at] !== '"') break;
          if (next === '\n' || (next === '\r' && text[at + 1] !== '\n')) line++;
          cell += next;
        }
        while (text[at] === ' ') at++;
        const ends = text[at] === undefined || [separator, '\r', '\n'].includes(String(text[at]));
        if (!ends) throw new Wrong(line, 'quote');
      } else {
        const from = at;
        while (at < text.length && text[at] !== separator && text[at] !== '\r' && text[at] !== '\n') at++;
        cell = text.slice(from, at);
      }
      cells.push(cell.trim());
      if (text[at] === separator) {
        at++;
        continue;
      }
      if (cells.some((one) => one !== '')) yield { line: start, cells };
      at += text[at] === '\r' && text[at + 1] === '\n' ? 2 : 1;
      start = ++line;
      cells = [];
    }
  }

  /**
   * @param {string} text
   * @param {string[]} ignored
   */
  function* jsonRecords(text, ignored) {
    /** @type {unknown} */
    let parsed;
    try {
      parsed = JSON.parse(text);
    } catch (thrown) {
      const [, position] = /position (\d+)/.exec(String(thrown)) ?? [];
      const line = position === undefined ? text : text.slice(0, Number(position));
      throw new Wrong(line.trimEnd().split(/\r\n|\r|\n/).length, 'json');
    }
    const entries = Array.isArray(parsed) ? parsed : [parsed];
    const lines = linesOfEntries(text);
    /** @type {Set<string>} */
    const unknown = new Set();
    for (const [index, entry] of entries.entries()) {
      const line = lines[index] ?? 1;
      if (typeof entry !== 'object' || entry === null || Array.isArray(entry)) {
        yield { line, problem: { line, key: 'paste.object', params: {} } };
        continue;
      }
      /** @type {Record<string, unknown>} */
      const values = {};
      for (const [key, value] of Object.entries(entry)) {
        const column = columnOf(key.slice(0, LONGEST));
        if (column === undefined) unknown.add(key.slice(0, LONGEST));
        else values[column] = values[column] || value;
      }
      yield { line, values: /** @type {Record<Column, unknown>} */ (values) };
    }
    ignored.push(...unknown);
  }

  /**
   * The line on which each entry of a JSON list begins. The text is known to be JSON.
   * @param {string} text
   */
  function linesOfEntries(text) {
    /** @type {number[]} */
    const lines = [];
    const isList = text.trimStart().startsWith('[');
    let line = 1;
    let depth = 0;
    let awaited = false;
    for (let at = 0; at < text.length; at++) {
      const next = text[at];
      if (next === '\n' || (next === '\r' && text[at + 1] !== '\n')) line++;
      if (/\s/.test(String(next))) continue;
      if (awaited && next !== ']') {
        lines.push(line);
        awaited = false;
      }
      if (next === '"') {
        for (at++; at < text.length && text[at] !== '"'; at++) if (text[at] === '\\') at++;
      } else if (next === '[' || next === '{') {
        depth++;
        awaited = depth === 1 && isList;
      } else if (next === ']' || next === '}') depth--;
      else if (next === ',' && depth === 1 && isList) awaited = true;
    }
    return isList ? lines : [1];
  }

  Object.assign(shared, { readList, samePlace });
})();
