EnergyDevices.scripts['energy-demand'] = {
  prepare: (node) => {
    EnergyDevices.hourTable(
      node,
      '#energy-demand-hours',
      'weight',
      (node.hours as object[] | undefined) ?? [],
    );
    EnergyDevices.about(node, '#energy-demand-about');
  },
  save: (node) => {
    node.hours = EnergyDevices.hourRows('#energy-demand-hours', 'weight');
  },
};
