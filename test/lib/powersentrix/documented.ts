/** The examples of the vendor's document. */

export const DOCUMENTED_IDENT = {
  sn: 'PSX-2024-001234',
  type: 'PWX-12-4422',
  comFirmware: 'v3.2.1',
  mainFirmware: 'v2.1.0',
  comUptime: '2d 14h 33m',
  mainUptime: '5d 02h 11m',
  cpuLoad: 12,
  totalRamSize: 327680,
  freeRamSize: 218340,
  info: '',
};

const SUPPLY = {
  main: 5410,
  load: 4810,
  batt: 5220,
  buv: 4800,
  cell: [1305, 1308, 1302, 1305],
  status: { h: { hb: [1], lb: [0] }, l: { hb: [0], lb: [1] } },
};

const DESCRIPTIONS = ['Router', 'Switch', 'Camera', 'NAS', '', '', '', '', '', '', '', ''];
const STATES = [1, 1, 1, 0, 1, 1, 0, 0, 0, 0, 0, 0];

export const DOCUMENTED_COMPLEX = {
  config: {
    settings: {
      dhcp: 1,
      ip: '192.168.1.100',
      netmask: '255.255.255.0',
      gateway: '192.168.1.1',
      dns: '8.8.8.8',
      ntpServer: 'pool.ntp.org',
      timezone: 'CET-1CEST,M3.5.0,M10.5.0/3',
      forcePowerFromBatteries: 0,
      remoteServer: { serverUrl: 'https://view.powersentrix.com', companyId: 'abc123', upsId: 'ups-01' },
    },
    outputs: DESCRIPTIONS.map((description, id) => ({
      id,
      description,
      status: STATES[id] === 1 ? 'ON' : 'OFF',
      voltage: 4810,
    })),
    extraActions: [{ id: '0', event: 1, baseStatus: 0, action: 1 }],
    ident: DOCUMENTED_IDENT,
  },
  upsData: {
    voltages: [4810, 4805, 2410, 2408, 1205, 1202, 502, 501, 0, 0, 0, 0],
    currents: [150, 320, 200, 0, 0, 0, 0, 0, 0, 0, 0, 0],
    outputs: STATES,
    ventilation: 0,
    uptime: '5d 02h 11m',
    temps: { board: 42, mcu: 51 },
    ps: [SUPPLY, SUPPLY],
  },
};
