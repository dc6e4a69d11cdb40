{
  interface TestResponse {
    upses: { id: string; name: string | null; serialNumber: string | null }[];
  }

  const nameOf = ({ id, name, serialNumber }: TestResponse['upses'][number]): string =>
    [name, serialNumber].find((text) => text) ?? id;

  EnergyDevices.scripts['powersentrix-account'] = {
    describe: (response) => {
      const { upses } = response as unknown as TestResponse;
      return EnergyDevices.text('powersentrix-account', 'test.upses', {
        count: upses.length,
        names: upses.slice(0, 8).map(nameOf).join(', '),
      });
    },
    insert: {
      load: (node) =>
        EnergyDevices.ask(node, 'test', {
          settings: ['url', 'tls', 'proxy'],
          credentials: ['email', 'password'],
        }).then((response) => {
          const { upses } = response as unknown as TestResponse;
          return upses.map((ups) => ({ source: 'cloud', place: ups.id, name: nameOf(ups) }));
        }),
      sources: { cloud: 'id', lan: 'address' },
      keys: { cloud: ['account', 'upsId'], lan: ['url'] },
      device: ({ source, place }, account) => ({
        type: 'ups-device',
        source,
        ...(source === 'lan' ? { url: place } : { account, upsId: place }),
      }),
      reader: (name, device) => ({ type: 'ups-status', name, device }),
      later: { lan: 'insert.keys' },
    },
  };
}
