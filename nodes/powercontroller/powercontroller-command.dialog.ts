EnergyDevices.scripts['powercontroller-command'] = {
  label: ({ type, operation }) =>
    typeof operation === 'string' && operation !== '' && operation !== 'msg'
      ? EnergyDevices.text(type, `operation.${operation}`)
      : '',
  prepare: ({ type }) => {
    EnergyDevices.deviceChoices(type, {
      type: 'powercontroller-account',
      settings: ['url', 'durationKey', 'proxy'],
      credentials: ['email', 'password', 'token'],
      missing: 'errors.powercontrollerNoAccount',
    });
  },
};
