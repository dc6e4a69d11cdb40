{
  const TYPE = 'poweropti-device';

  interface TestResponse {
    reading: { power: number | null; energyImport: number | null; timestamp: string | null };
  }

  /** A device that announces itself; its id stays with the runtime, which knows it by the ticket. */
  interface Found {
    ticket: string;
    name: string;
    address: string;
    /** what its id is beside the key that stands in the dialog */
    idIs: 'key' | 'another' | 'new' | 'none';
  }

  interface FindResponse {
    devices: Found[];
    /** whether anybody in the network was heard */
    heard: boolean;
    full: boolean;
  }

  const field = (name: string): JQuery => $(`#node-config-input-${name}`);
  const place = (): JQuery => $('#energy-devices-find-result');
  const list = (): JQuery => $('#energy-devices-found');

  const say = (state: 'good' | 'bad', key: string, params = {}): void =>
    EnergyDevices.showResult(place(), state, EnergyDevices.text(TYPE, `find.${key}`, params));

  /** Shows what was found; the first entry of the list chooses nothing. */
  const showFound = ({ devices, heard, full }: FindResponse): void => {
    const none = $('<option>', { value: '', text: EnergyDevices.text(TYPE, 'find.choose') });
    const options = devices.map(({ ticket, name, address }) =>
      $('<option>', { value: ticket, text: `${name} (${address})` }),
    );
    list()
      .empty()
      .append(none, ...options)
      .val('')
      .toggle(devices.length > 0);
    if (devices.length > 0) say('good', full ? 'full' : 'found', { count: devices.length });
    else say('bad', heard ? 'none' : 'silent');
  };

  /** The runtime keeps the id beside the node, and the ticket says that it is meant once the dialog is saved. */
  const choose = (node: EnergyDevices.EditedNode, { ticket, address, idIs }: Found): void => {
    const take = (stored: string): void => {
      // Another one may have been chosen meanwhile.
      if (list().val() !== ticket) return;
      field('host').val(address).trigger('change');
      field('announcedId').val(stored).trigger('change');
      if (idIs === 'new') field('apiKey').val(stored).trigger('change');
      say('good', `id.${idIs}`, { address });
    };
    if (idIs === 'none') {
      take('');
      return;
    }
    void EnergyDevices.request(TYPE, node.id, 'adopt', { settings: { ticket }, credentials: {} })
      .done(() => take(ticket))
      .fail((message: string) => EnergyDevices.showResult(place(), 'bad', message));
  };

  EnergyDevices.scripts[TYPE] = {
    prepare: (node) => {
      let found: Found[] = [];
      list().hide();
      EnergyDevices.slowButton($('#energy-devices-find'), () => {
        EnergyDevices.showResult(place(), 'busy', EnergyDevices.text(TYPE, 'find.searching'));
        return EnergyDevices.ask(node, 'find', { settings: [], credentials: ['apiKey'] })
          .done((response) => {
            const answer = response as unknown as FindResponse;
            found = answer.devices;
            showFound(answer);
          })
          .fail((message: string) => EnergyDevices.showResult(place(), 'bad', message));
      });
      list().on('change', () => {
        const chosen = found.find(({ ticket }) => ticket === list().val());
        if (chosen) choose(node, chosen);
      });
    },
    describe: (response) => {
      const { reading } = response as unknown as TestResponse;
      const { power, energyImport, timestamp } = reading;
      const feedsIn = power !== null && power < 0;
      return EnergyDevices.text(TYPE, feedsIn ? 'test.feedingIn' : 'test.reading', {
        power: EnergyDevices.number(feedsIn ? -power : power),
        energy: EnergyDevices.number(energyImport === null ? null : energyImport / 1000),
        time: timestamp === null ? '–' : new Date(timestamp).toLocaleString(RED.i18n.lang() || undefined),
      });
    },
  };
}
