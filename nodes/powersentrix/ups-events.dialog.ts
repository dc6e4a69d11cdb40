EnergyDevices.scripts['ups-events'] = {
  check: {
    events: (value) =>
      (Array.isArray(value) && value.length > 0) || EnergyDevices.text('ups-events', 'invalid.noKind'),
  },
  prepare: ({ events }) => {
    const chosen = (events ?? []) as string[];
    const boxes = $('.ups-events-kind');
    boxes.each((_index, box) => {
      $(box).prop('checked', chosen.includes(String($(box).val())));
    });
    const check = (): void => {
      const none = boxes.filter(':checked').length === 0;
      const message = none ? EnergyDevices.text('ups-events', 'invalid.noKind') : '';
      EnergyDevices.problem($('#ups-events-kinds'), message);
    };
    boxes.on('change', check);
    check();
  },
  save: (node) => {
    const chosen = $('.ups-events-kind:checked')
      .toArray()
      .map((box) => String($(box).val()));
    // The editor itself does not compare lists, so a change has to be told.
    const changed = JSON.stringify(node.events) !== JSON.stringify(chosen);
    node.events = chosen;
    return changed;
  },
};
