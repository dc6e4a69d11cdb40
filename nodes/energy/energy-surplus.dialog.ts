EnergyDevices.scripts['energy-surplus'] = {
  prepare: (node) => EnergyDevices.about(node, '#energy-surplus-about'),
};
