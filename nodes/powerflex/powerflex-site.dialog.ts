{
  EnergyDevices.scripts['powerflex-site'] = {
    label: ({ url, accId }) =>
      typeof url === 'string' && url !== ''
        ? `${url.replace(/^https?:\/\//, '')}/${accId as string | number}`
        : '',
    describe: (response, { type }) => {
      const { targets, month } = response as { targets: Record<string, number | null> | null; month: string };
      if (!targets) return EnergyDevices.text(type, 'test.loginOnly');
      return EnergyDevices.text(type, 'test.works', {
        target: EnergyDevices.number(targets[month] ?? null),
      });
    },
  };
}
