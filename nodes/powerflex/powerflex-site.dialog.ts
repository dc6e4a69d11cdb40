{
  const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

  EnergyDevices.scripts['powerflex-site'] = {
    label: ({ url, accId }) =>
      typeof url === 'string' && url !== ''
        ? `${url.replace(/^https?:\/\//, '')}/${accId as string | number}`
        : '',
    describe: (answer, { type }) => {
      const { targets } = answer as { targets: Record<string, number | null> | null };
      if (!targets) return EnergyDevices.text(type, 'test.loginOnly');
      const month = MONTHS[new Date().getMonth()] ?? '';
      return EnergyDevices.text(type, 'test.works', {
        target: EnergyDevices.number(targets[month] ?? null),
      });
    },
  };
}
