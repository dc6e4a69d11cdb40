{
  interface TestAnswer {
    sites: string[] | null;
    devices: number;
  }

  EnergyDevices.scripts['enapter-account'] = {
    describe: (answer) => {
      const { sites, devices } = answer as unknown as TestAnswer;
      return EnergyDevices.text('enapter-account', 'test.account', {
        sites: (sites ?? []).join(', ') || '–',
        devices,
      });
    },
  };
}
