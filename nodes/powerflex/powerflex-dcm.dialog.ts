{
  const TYPE = 'powerflex-dcm';
  const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

  const isTarget = (value: unknown): boolean => /^\d{1,9}$/.test(String(value).trim());

  const fieldOf = (month: string): JQuery => $(`#powerflex-target-${month}`);

  const typedIn = (field: JQuery): string => String(field.val()).trim();

  /** One line a month: what to set, and what the site holds. */
  const showMonths = (given: Record<string, string | number>): void => {
    const table = $('#powerflex-targets');
    for (const month of MONTHS) {
      const id = `powerflex-target-${month}`;
      const name = EnergyDevices.text(TYPE, `month.${month}`);
      const field = $('<input>', { type: 'text', inputmode: 'numeric', id, class: 'energy-devices-number' });
      field.val(given[month] === undefined ? '' : String(given[month])).on('input change', () => {
        const typed = typedIn(field);
        const wrong = typed !== '' && !isTarget(typed);
        field.toggleClass('input-error', wrong).attr('aria-invalid', String(wrong));
        const message = EnergyDevices.text(TYPE, 'errors.powerflexTargetValue', { month: name });
        EnergyDevices.problem(field, wrong ? message : '');
      });
      const row = $('<div>', { class: 'form-row' }).appendTo(table);
      $('<label>', { for: id, text: name }).appendTo(row);
      const held = $('<span>', { class: 'energy-devices-hint', 'data-month': month });
      row.append(field, document.createTextNode(' kW'), held);
    }
  };

  /** Asks the site as it runs: its dialog has been confirmed and deployed. */
  const askSite = (action: string): JQuery.Promise<EnergyDevices.Response> =>
    EnergyDevices.askChosen($('#node-input-site').val(), action, {
      type: 'powerflex-site',
      settings: [],
      credentials: [],
      missing: 'errors.powerflexNoSite',
    });

  /** What the site answers goes beside the fields, never into them. */
  const readTargets = (): JQuery.Promise<unknown> => {
    const place = $('#powerflex-read-targets-result');
    EnergyDevices.showResult(place, 'busy', EnergyDevices.text(TYPE, 'dialog.testing'));
    return askSite('targets')
      .done((response) => {
        const targets = response.targets as Record<string, number | null>;
        markMonth(response.month as string);
        for (const month of MONTHS) {
          const target = EnergyDevices.number(targets[month] ?? null);
          $(`#powerflex-targets [data-month="${month}"]`).text(
            EnergyDevices.text(TYPE, 'dialog.held', { target }),
          );
        }
        EnergyDevices.showResult(place, 'none');
      })
      .fail((message: string) => EnergyDevices.showResult(place, 'bad', message));
  };

  const readSignals = (): JQuery.Promise<EnergyDevices.Choice[]> =>
    askSite('signals').then((response) =>
      (response.signals as { name: string }[]).map(({ name }) => ({ value: name, label: name })),
    );

  /** This one where the site is. Without a zone it is that of Node-RED: until it is asked, that of the browser. */
  const monthNow = (): string | undefined => {
    const site = RED.nodes.node(String($('#node-input-site').val())) as Record<string, unknown> | null;
    const zone = site?.zone;
    const now = new Date();
    try {
      const timeZone = typeof zone === 'string' && zone !== '' ? zone : undefined;
      return new Intl.DateTimeFormat('en-US', { month: 'short', timeZone }).format(now);
    } catch {
      // A variable, or a zone that the browser does not know.
      return MONTHS[now.getMonth()];
    }
  };

  const markMonth = (month = monthNow()): void => {
    $('#powerflex-targets label').removeAttr('aria-current').removeClass('energy-devices-current');
    const place = $(`label[for="powerflex-target-${month}"]`);
    place.attr('aria-current', 'date').addClass('energy-devices-current');
  };

  EnergyDevices.scripts[TYPE] = {
    label: ({ operation }) =>
      typeof operation !== 'string' || operation === 'msg'
        ? ''
        : EnergyDevices.text(TYPE, 'node.operation', {
            operation: EnergyDevices.text(TYPE, `operation.${operation}`).replace(/ \(.*/, ''),
          }),
    prepare: (node) => {
      showMonths((node.targets as Record<string, string | number> | undefined) ?? {});
      markMonth();
      $('#node-input-site').on('change', () => markMonth());
      EnergyDevices.slowButton($('#powerflex-read-targets'), readTargets);
      EnergyDevices.choices(TYPE, {
        field: $('#node-input-signalName'),
        from: $('#node-input-site'),
        load: readSignals,
      });
    },
    save: (node) => {
      const typed = MONTHS.map((month): [string, string] => [month, typedIn(fieldOf(month))]);
      node.targets = Object.fromEntries(
        typed
          .filter(([, text]) => text !== '')
          .map(([month, text]) => [month, isTarget(text) ? Number(text) : text]),
      );
    },
    check: {
      targets: (value) => {
        const targets = (value ?? {}) as Record<string, unknown>;
        const wrong = Object.keys(targets).find(
          (month) => !MONTHS.includes(month) || !isTarget(targets[month]),
        );
        return (
          wrong === undefined || EnergyDevices.text(TYPE, 'errors.powerflexTargetValue', { month: wrong })
        );
      },
    },
  };
}
