EnergyDevices.scripts['powerflex-measurements'] = {
  // Charging sessions are made of one measurement only.
  prepare: () => {
    $('#node-input-measurement')
      .on('change', function () {
        const possible = $(this).val() === 'ct_response';
        const sessions = $('#node-input-sessions').prop('disabled', !possible);
        if (!possible) sessions.prop('checked', false);
      })
      .trigger('change');
  },
};
