EnergyDevices.scripts['energy-price-plan'] = {
  prepare: (node) => {
    const rows = (node.fallback as object[] | undefined) ?? [];
    EnergyDevices.hourTable(node, '#energy-price-plan-fallback', 'on', rows);
    EnergyDevices.about(node, '#energy-price-plan-about');
  },
  save: (node) => {
    node.fallback = EnergyDevices.hourRows('#energy-price-plan-fallback', 'on');
  },
};
