{
  const TYPE = 'energy-metrics';

  const field = (name: string): JQuery => $(`#node-config-input-${name}, #node-input-${name}`);

  EnergyDevices.scripts[TYPE] = {
    prepare: ({ id }) => {
      let root: string | null = '';
      const show = (): void => {
        const isOn = field('prometheus').prop('checked') === true;
        const path = String(field('path').val() ?? '')
          .split('/')
          .filter((segment) => segment.trim() !== '')
          .join('/')
          .trim();
        const place = $('#energy-metrics-url');
        place.closest('.form-row').toggle(isOn);
        place.text(
          root === null
            ? EnergyDevices.text(TYPE, 'errors.metricsHttpNodeRootOff')
            : `${location.origin}${root}/${path}`,
        );
      };
      field('prometheus').add(field('path')).on('input change', show);
      show();
      void $.getJSON(`energy-devices/${TYPE}/${encodeURIComponent(id)}/root`).done(
        (response: { root: string | null }) => {
          ({ root } = response);
          show();
        },
      );
    },
  };
}
