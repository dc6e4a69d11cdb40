{
  interface TestAnswer {
    upses: { id: string; name: string | null; serialNumber: string | null }[];
  }

  EnergyDevices.scripts['powersentrix-account'] = {
    describe: (answer) => {
      const { upses } = answer as unknown as TestAnswer;
      const names = upses.map(
        ({ id, name, serialNumber }) => [name, serialNumber].find((text) => text) ?? id,
      );
      return EnergyDevices.text('powersentrix-account', 'test.upses', {
        count: names.length,
        names: names.slice(0, 8).join(', '),
      });
    },
  };
}
