{
  interface TestResponse {
    sites: string[] | null;
    devices: number;
  }

  interface DevicesResponse {
    devices: { id: string; name: string | null }[];
  }

  EnergyDevices.scripts['enapter-account'] = {
    describe: (response) => {
      const { sites, devices } = response as unknown as TestResponse;
      return EnergyDevices.text('enapter-account', 'test.account', {
        sites: (sites ?? []).join(', ') || '–',
        devices,
      });
    },
    insert: {
      load: (node) =>
        EnergyDevices.ask(node, 'devices', {
          settings: ['url', 'tls', 'proxy'],
          credentials: ['token'],
        }).then((response) => {
          const { devices } = response as unknown as DevicesResponse;
          return devices.map(({ id, name }) => ({ source: 'cloud', place: id, name: name ?? id }));
        }),
      sources: { cloud: 'id' },
      form: /^[A-Za-z0-9_-]{1,128}$/,
      keys: { cloud: ['account', 'operation', 'deviceId'] },
      device: ({ place }, account) => ({
        type: 'enapter-device',
        account,
        operation: 'get',
        deviceId: place,
      }),
    },
  };
}
