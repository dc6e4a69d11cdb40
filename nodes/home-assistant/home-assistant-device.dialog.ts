{
  const TYPE = 'home-assistant-device';

  interface Stale {
    devices: { name: string; device: string; own: boolean }[];
  }

  const showList = ({ devices }: Stale): void => {
    const place = $('#home-assistant-stale').empty();
    if (devices.length === 0) place.text(EnergyDevices.text(TYPE, 'stale.none'));
    for (const { name, device, own } of devices) {
      $('<div>')
        .text(EnergyDevices.text(TYPE, own ? 'stale.own' : 'stale.other', { name, device }))
        .appendTo(place);
    }
    $('#home-assistant-remove').prop('disabled', !devices.some(({ own }) => own));
  };

  const load = (id: string): void => {
    const place = $('#home-assistant-stale');
    void $.getJSON(`energy-devices/${TYPE}/${id}/stale`)
      .done((response: Stale) => {
        showList(response);
      })
      .fail(() => {
        place.text(EnergyDevices.text(TYPE, 'stale.notDeployed'));
      });
  };

  EnergyDevices.scripts[TYPE] = {
    prepare: (node) => {
      load(node.id);
      const button = $('#home-assistant-remove');
      const result = $('#home-assistant-result');
      button.on('click', (event) => {
        event.preventDefault();
        EnergyDevices.slowButton(button, () =>
          EnergyDevices.ask(node, 'removeStale', { settings: [], credentials: [] }).then(
            (response) => {
              const text = EnergyDevices.text(TYPE, 'stale.removed', { count: Number(response.count) });
              EnergyDevices.showResult(result, 'good', text);
              load(node.id);
              return response;
            },
            (message: unknown) => {
              EnergyDevices.showResult(result, 'bad', String(message));
            },
          ),
        );
      });
    },
    close: () => undefined,
  };
}
