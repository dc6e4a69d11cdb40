EnergyDevices.scripts['energy-counter'] = {
  prepare: (node) => {
    for (const [place, setting] of Object.entries({
      '#energy-counter-prices': node.priceTable,
      '#energy-counter-feed-in': node.feedInTable,
    })) {
      EnergyDevices.hourTable(node, place, 'price', (setting as object[] | undefined) ?? []);
    }
    EnergyDevices.about(node, '#energy-counter-about');
  },
  save: (node) => {
    node.priceTable = EnergyDevices.hourRows('#energy-counter-prices', 'price');
    node.feedInTable = EnergyDevices.hourRows('#energy-counter-feed-in', 'price');
  },
};
