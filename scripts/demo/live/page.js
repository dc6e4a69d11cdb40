'use strict';
/** Points of a chart: two minutes and a half, read every second. */
const KEPT = 150;
const GAP = '–';
const isNumber = (value) => typeof value === 'number';

const digits = (value, count) =>
  value.toLocaleString(undefined, { minimumFractionDigits: count, maximumFractionDigits: count });
/** A number with its unit; what did not arrive is no number. */
const amount = (value, unit, count = 0) => (isNumber(value) ? `${digits(value, count)} ${unit}` : GAP);
const kWh = (value) => amount(isNumber(value) ? value / 1000 : null, 'kWh', 2);
const clock = (time) => (time ? new Date(time).toLocaleTimeString() : GAP);
const onOff = (on) => (on === true ? 'on' : on === false ? 'off' : 'not known');

/** A part of a system's card. */
const part = (id, selector) => document.querySelector(`#${id} ${selector}`);

function show(id, selector, text, kind) {
  const element = part(id, selector);
  element.textContent = text;
  if (kind !== undefined) element.className = `${selector.slice(1)} ${kind}`;
}

/** Rows of cells; what begins with a digit, a minus or a dash stands on the right. */
function showTable(id, head, rows) {
  const cell = (tag) => (text) => {
    const element = document.createElement(tag);
    element.textContent = text;
    if (tag === 'td' && /^[−–-]?\d|^–$/.test(text)) element.className = 'number';
    return element;
  };
  const line = (cells) => {
    const row = document.createElement('tr');
    row.append(...cells);
    return row;
  };
  const lines = rows.map(([first, ...others]) => line([cell('th')(first), ...others.map(cell('td'))]));
  part(id, 'table').replaceChildren(...(head ? [line(head.map(cell('th')))] : []), ...lines);
}

/** Where the system's device is, as far as somebody has told. A value that is not kept up to date looks old. */
function showState(id, availability, since) {
  const lost = availability?.available === false;
  show(id, '.state', lost ? (availability.reason?.message ?? 'not available') : since, lost ? 'bad' : 'good');
  part(id, '.value')?.classList.toggle('old', lost);
}

const points = {};

/** Notes a point of each line, once a moment. */
function note(id, time, values) {
  const kept = (points[id] ??= []);
  if (kept.at(-1)?.time !== time) kept.push({ time, values });
  if (kept.length > KEPT) kept.shift();
}

/** Lines over time with a scale on the left and the clock below. */
function drawChart(id, unit, classes) {
  const kept = points[id] ?? [];
  const all = kept.flatMap(({ values }) => values.filter(isNumber));
  if (all.length < 2) return;
  const [width, height, left, below] = [420, 150, 56, 20];
  const step = niceStep(Math.max(...all, 0) - Math.min(...all, 0));
  const top = Math.ceil(Math.max(...all, 0) / step) * step || step;
  const bottom = Math.floor(Math.min(...all, 0) / step) * step;
  const y = (value) => 8 + ((height - below - 8) * (top - value)) / (top - bottom);
  const [from, to] = [kept[0].time, kept.at(-1).time];
  const x = (time) => left + ((width - left - 4) * (time - from)) / Math.max(to - from, 1);
  const parts = [];
  for (let value = bottom; value <= top + step / 2; value += step) {
    parts.push(`<line x1="${left}" x2="${width}" y1="${y(value)}" y2="${y(value)}" />`);
    const label = `${digits(value, step < 1 ? 1 : 0)} ${unit}`;
    parts.push(`<text x="${left - 6}" y="${y(value) + 4}" text-anchor="end">${label}</text>`);
  }
  parts.push(`<text x="${left}" y="${height - 4}">${clock(from)}</text>`);
  parts.push(`<text x="${width - 4}" y="${height - 4}" text-anchor="end">${clock(to)}</text>`);
  classes.forEach((name, index) => {
    const line = kept
      .filter(({ values }) => isNumber(values[index]))
      .map(({ time, values }) => `${x(time)},${y(values[index])}`);
    parts.push(`<polyline class="${name}" points="${line.join(' ')}" />`);
  });
  const svg = part(id, 'svg');
  svg.setAttribute('viewBox', `0 0 ${width} ${height}`);
  svg.innerHTML = parts.join('');
}

/** A round step that divides a range into two to five. */
function niceStep(range) {
  const rough = Math.max(range, 0.1) / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  return [1, 2, 5, 10].map((factor) => factor * power).find((step) => step >= rough);
}

/** What each system's card shows; the parts come as they are known. */
const cards = {
  meter({ name, reading, availability }, live) {
    if (!reading) return showState('meter', availability, 'waiting for the first reading');
    const { power } = reading;
    const direction = !isNumber(power) || power === 0 ? '' : power > 0 ? 'import' : 'export';
    show('meter', 'h2', name);
    show('meter', '.value', isNumber(power) ? amount(Math.abs(power), 'W') : GAP, direction);
    show('meter', '.direction', { import: 'from the grid', export: 'into the grid' }[direction] ?? ' ');
    showState('meter', availability, `measured at ${clock(reading.timestamp)}`);
    note('meter', Date.parse(reading.timestamp), [power]);
    drawChart('meter', 'W', [direction || 'import']);
    const { text, since } = live.heatPump ?? {};
    showTable('meter', null, [
      ['Imported', kWh(reading.energyImport)],
      ['Exported', kWh(reading.energyExport)],
      ['Heat pump', text === undefined ? GAP : since ? `${text} (since ${clock(since)})` : text],
    ]);
  },

  cost({ demand, usage }, live) {
    if (!demand) return;
    const { projected, target, allowedPower, windowEnd, monthPeak, timestamp } = demand;
    const kilowatts = (value) => amount(isNumber(value) ? value / 1000 : null, 'kW', 2);
    const over = isNumber(projected) && isNumber(target) && projected > target;
    show('cost', '.value', `${kilowatts(projected)} of ${kilowatts(target)}`, over ? 'bad' : '');
    show('cost', '.direction', `quarter of an hour until ${clock(windowEnd)}`);
    showState('cost', live.meter?.availability, `measured at ${clock(timestamp)}`);
    const { day, currency = '' } = usage ?? {};
    showTable('cost', null, [
      ['May be used until then', kilowatts(allowedPower)],
      ['Highest of this month', kilowatts(monthPeak?.demand)],
      ['Imported today', kWh(day?.import)],
      ['Cost today', amount(day?.cost, currency, 2)],
    ]);
  },

  sun({ power, boiler = {}, car = {}, plan = {} }) {
    if (!power) return;
    const used = power.house + power.boiler + power.car;
    show('sun', '.value', amount(power.sun, 'W'), 'export');
    show('sun', '.direction', `the sun; house and loads take ${amount(used, 'W')}`);
    show('sun', '.state', 'shared by priority', 'good');
    note('sun', Math.floor(Date.now() / 1000) * 1000, [power.sun, used]);
    drawChart('sun', 'W', ['export', 'import']);
    const load = (name, { reading, text }) => [name, amount(reading?.load, 'W'), text ?? GAP];
    const rows = [load('Boiler', boiler), load('Car', car), ['Pump, cheap hours', GAP, plan.text ?? GAP]];
    showTable('sun', ['Load', 'May take', 'Why'], rows);
  },

  ups({ status, availability, switched = {} }) {
    if (!status) return showState('ups', availability, 'waiting for the first status');
    const source = { mains: 'on mains', battery: 'on battery' }[status.powerSource] ?? 'source not known';
    const voltage = status.supplies?.find(({ fitted }) => fitted !== false)?.batteryVoltage;
    show('ups', 'h2', `UPS ${status.name ?? ''}`);
    show('ups', '.value', amount(status.totalPower, 'W', 1));
    show('ups', '.direction', `${source}, battery ${amount(voltage, 'V', 1)}`);
    showState('ups', availability, `read at ${clock(status.timestamp)}`);
    part('ups', '.direction').classList.toggle('bad', status.onBattery === true);
    const ports = status.outputs.filter(({ description }) => description);
    const rows = ports.map(({ port, description, on, power }) => {
      const why = switched[port];
      const reason = why ? `${why.text}, ${clock(why.time)}` : 'as found at the start';
      return [`${port} ${description}`, onOff(on), amount(power, 'W', 1), reason];
    });
    showTable('ups', ['Port', 'State', 'Power', 'Why'], rows);
  },

  heater({ update, relay, availability }) {
    if (!update && !relay) return showState('heater', availability, 'waiting for the first status');
    const newest = [update, relay].filter(Boolean).sort((a, b) => (a.timestamp < b.timestamp ? 1 : -1))[0];
    show('heater', '.value', onOff(newest.on), newest.on ? 'import' : '');
    show(
      'heater',
      '.direction',
      relay ? `${REASONS[relay.reason] ?? relay.reason}, ${clock(relay.timestamp)}` : ' ',
    );
    showState('heater', availability, `told at ${clock(newest.timestamp)}`);
    showTable('heater', null, [
      ['Power, mean', amount(update?.averagePower, 'W', 1)],
      ['Voltage', amount(update?.voltage, 'V', 1)],
      ['Grid frequency', amount(update?.frequency, 'Hz', 2)],
      ['Switches by itself in', newest.toggleIn ? amount(newest.toggleIn, 's') : 'never'],
    ]);
  },

  garage({ load, site, availability, time }) {
    if (!isNumber(load) && !site) return showState('garage', availability, 'waiting for the first load');
    const { evLoad, siteLoad, target, limit } = site ?? {};
    const free = isNumber(target) && isNumber(siteLoad) ? Math.max(0, target - siteLoad) : null;
    show('garage', '.value', amount(evLoad, 'kW', 1), 'second');
    const why =
      isNumber(limit) && isNumber(free) && limit < free ? 'a limit of the grid' : "the month's target";
    show(
      'garage',
      '.direction',
      site ? `cars may take ${amount(limit, 'kW', 1)}: ${why}` : 'a real site tells no power of cars',
    );
    showState('garage', availability, `load told at ${clock(time)}`);
    note('garage', Math.floor(Date.now() / 1000) * 1000, [siteLoad ?? load, evLoad, target]);
    drawChart('garage', 'kW', ['import', 'second', 'bad']);
    showTable('garage', null, [
      ['House (orange)', amount(siteLoad ?? load, 'kW')],
      ['Cars (blue)', amount(evLoad, 'kW', 1)],
      ['Target of the month (red)', amount(target, 'kW')],
    ]);
  },

  enapter({ values = {}, meter, ups }) {
    const rows = Object.entries(values).map(([name, { value, timestamp }]) => [
      `Meter: ${name}`,
      isNumber(value) ? digits(value, 0) : String(value ?? GAP),
      clock(timestamp),
    ]);
    if (rows.length > 0) show('enapter', '.state', 'reads the meter and switches the UPS', 'good');
    const link = (up) => (up === undefined ? 'not known' : up ? 'connected' : 'not connected');
    showTable(
      'enapter',
      ['In the EMS', 'Value', 'Time'],
      [...rows, ['Meter as a device', link(meter), ''], ['UPS as a device', link(ups), '']],
    );
  },

  events(events) {
    showTable(
      'events',
      null,
      events.map(({ time, system, text }) => [clock(time), system, text]),
    );
  },
};

/** Why the relay of a load controller has switched. */
const REASONS = {
  api: 'by a command of the flow',
  manual: 'by its button',
  timer: 'by its timer',
  reboot: 'after a restart',
  ffr: 'because the frequency of the grid fell',
  ffrr: 'because the frequency of the grid is back',
  power_limit: 'because its energy is used up',
  max_capacity: 'because it is full',
  min_capacity: 'because it is empty',
};

async function read() {
  // Below the page, whether its address ends with a slash or not.
  const address = `${location.pathname.replace(/\/+$/, '')}/data`;
  const response = await fetch(address, { cache: 'no-store', signal: AbortSignal.timeout(5000) });
  if (!response.ok) throw new Error(`status ${response.status}`);
  return response.json();
}

function showSilence() {
  for (const state of document.querySelectorAll('.state')) {
    state.textContent = 'Node-RED does not answer';
    state.className = 'state bad';
  }
}

async function refresh() {
  const live = await read().catch(showSilence);
  setTimeout(refresh, 1000);
  if (live) for (const [id, draw] of Object.entries(cards)) if (live[id]) draw(live[id], live);
}

refresh();
