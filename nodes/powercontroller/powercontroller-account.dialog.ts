EnergyDevices.scripts['powercontroller-account'] = {
  describe: (answer, { type }) => {
    const { devices } = answer as { devices: { id: string; label: string }[] };
    const list = devices.map(({ id, label }) => `${label} (${id})`).join(', ');
    return EnergyDevices.text(type, 'test.devices', { number: devices.length, list: list || '–' });
  },
};
