/** What variables and commands mean, in the words of the NUT project, so that clients show what they show of any UPS. */
const VARIABLES: ReadonlyMap<string, string> = new Map(
  Object.entries({
    'battery.charge': 'Battery charge (percent of full)',
    'battery.runtime': 'Battery runtime (seconds)',
    'battery.voltage': 'Battery voltage (V)',
    'device.mfr': 'Device manufacturer',
    'device.model': 'Device model',
    'device.serial': 'Device serial number',
    'device.type': 'Device type (ups, pdu, scd, psu)',
    'device.uptime': 'Device uptime in seconds',
    'input.voltage': 'Input voltage (V)',
    'outlet.count': 'Total number of outlets',
    'output.voltage': 'Output voltage (V)',
    'ups.alarm': 'UPS alarms',
    'ups.firmware': 'UPS firmware',
    'ups.mfr': 'UPS manufacturer',
    'ups.model': 'UPS model',
    'ups.realpower': 'Current value of real power (W)',
    'ups.serial': 'UPS serial number',
    'ups.status': 'UPS status',
    'ups.temperature': 'UPS temperature (degrees C)',
  }),
);

const OUTLET: ReadonlyMap<string, string> = new Map(
  Object.entries({
    current: 'Current (A)',
    desc: 'Outlet description',
    id: 'Outlet system identifier',
    realpower: 'Real power (W)',
    status: 'Outlet switch status',
    switchable: 'Outlet switch ability',
    voltage: 'Voltage (V)',
  }),
);

const UNKNOWN = 'Description unavailable';

/** What a variable means. */
export function variableWords(name: string): string {
  const [, field = ''] = /^outlet\.\d{1,2}\.(\w{1,20})$/.exec(name) ?? [];
  return VARIABLES.get(name) ?? OUTLET.get(field) ?? UNKNOWN;
}

/** What a command does. */
export function commandWords(name: string): string {
  const [, outlet = '', action = ''] = /^outlet\.(\d{1,2})\.load\.(on|off|cycle)$/.exec(name) ?? [];
  if (action === 'cycle') return `Turn off the load on outlet ${outlet} and turn it on again`;
  return action === '' ? UNKNOWN : `Turn ${action} the load on outlet ${outlet} immediately`;
}
