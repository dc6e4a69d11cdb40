EnergyDevices.scripts['powercontroller-status'] = {
  prepare: ({ type }) => {
    EnergyDevices.deviceChoices(type, {
      type: 'powercontroller-account',
      settings: ['url', 'durationKey', 'proxy'],
      credentials: ['email', 'password', 'token'],
      missing: 'errors.powercontrollerNoAccount',
    });
  },
};
