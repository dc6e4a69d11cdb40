{
  interface TestResponse {
    devices: { id: string; label: string }[];
  }

  EnergyDevices.scripts['powercontroller-account'] = {
    describe: (response, { type }) => {
      const { devices } = response as unknown as TestResponse;
      const list = devices.map(({ id, label }) => `${label} (${id})`).join(', ');
      return EnergyDevices.text(type, 'test.devices', { number: devices.length, list: list || '–' });
    },
    insert: {
      load: (node) =>
        EnergyDevices.ask(node, 'test', {
          settings: ['url', 'durationKey', 'proxy'],
          credentials: ['email', 'password', 'token'],
        }).then((response) => {
          const { devices } = response as unknown as TestResponse;
          return devices.map(({ id, label }) => ({ source: 'cloud', place: id, name: label }));
        }),
      sources: { cloud: 'id' },
      form: /^[\w~-][\w.~-]{0,127}$/,
      keys: { cloud: ['account', 'operation', 'deviceId'] },
      device: ({ place }, account) => ({
        type: 'powercontroller-status',
        account,
        operation: 'watch',
        deviceId: place,
      }),
    },
  };
}
