{
  interface DevicesResponse {
    devices: { id: string; name: string | null }[];
  }

  EnergyDevices.scripts['enapter-device'] = {
    prepare: () => {
      const account = $('#node-input-account');
      EnergyDevices.choices('enapter-device', {
        field: $('#node-input-deviceId'),
        from: account,
        load: () =>
          EnergyDevices.askChosen(account.val(), 'devices', {
            type: 'enapter-account',
            settings: ['url', 'tls', 'proxy'],
            credentials: ['token'],
            missing: 'errors.enapterNoAccount',
          }).then((response) => {
            const { devices } = response as unknown as DevicesResponse;
            return devices.map(({ id, name }) => ({ value: id, label: name ?? id }));
          }),
      });
    },
  };
}
