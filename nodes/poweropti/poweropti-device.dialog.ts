{
  interface TestAnswer {
    reading: { power: number | null; energyImport: number | null; timestamp: string | null };
  }

  EnergyDevices.scripts['poweropti-device'] = {
    describe: (answer) => {
      const { reading } = answer as unknown as TestAnswer;
      const { timestamp } = reading;
      return EnergyDevices.text('poweropti-device', 'test.reading', {
        power: EnergyDevices.number(reading.power),
        energy: EnergyDevices.number(reading.energyImport),
        time: timestamp === null ? '–' : new Date(timestamp).toLocaleString(RED.i18n.lang() || undefined),
      });
    },
  };
}
