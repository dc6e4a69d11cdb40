EnergyDevices.scripts['energy-counter'] = {
  prepare: (node) => {
    EnergyDevices.hourTable(
      node,
      '#energy-counter-prices',
      'price',
      (node.priceTable as object[] | undefined) ?? [],
    );
  },
  save: (node) => {
    node.priceTable = EnergyDevices.hourRows('#energy-counter-prices', 'price');
  },
};
