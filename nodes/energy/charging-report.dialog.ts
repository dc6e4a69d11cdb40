EnergyDevices.scripts['charging-report'] = {
  prepare: (node) => {
    const rows = (name: string): object[] => (node[name] as object[] | undefined) ?? [];
    EnergyDevices.hourTable(node, '#charging-report-prices', 'price', rows('priceTable'));
    EnergyDevices.nameTable(node, '#charging-report-names', rows('names'));
    EnergyDevices.about(node, '#charging-report-about');
  },
  save: (node) => {
    node.priceTable = EnergyDevices.hourRows('#charging-report-prices', 'price');
    node.names = EnergyDevices.nameRows('#charging-report-names');
  },
};
