EnergyDevices.scripts['grid-event-log'] = {
  prepare: (node) => EnergyDevices.about(node, '#grid-event-log-about'),
};
