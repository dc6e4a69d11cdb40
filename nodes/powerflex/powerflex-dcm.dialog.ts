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
        const message = EnergyDevices.text(TYPE, 'errors.targetValue', { month: name });
        EnergyDevices.problem(field, wrong ? message : '');
      });
      const row = $('<div>', { class: 'form-row' }).appendTo(table);
      $('<label>', { for: id, text: name }).appendTo(row);
      const held = $('<span>', { class: 'energy-devices-hint', 'data-month': month });
      row.append(field, document.createTextNode(' kW'), held);
    }
  };

  /** Asks the site as it runs: its dialog has been confirmed and deployed. */
  const askSite = (action: string): JQuery.Promise<EnergyDevices.Answer> =>
    EnergyDevices.askChosen($('#node-input-site').val(), action, {
      type: 'powerflex-site',
      settings: [],
      credentials: [],
      missing: 'errors.noSite',
    });

  /** What the site answers goes beside the fields, never into them. */
  const readTargets = (): JQuery.Promise<unknown> => {
    const place = $('#powerflex-read-targets-result');
    EnergyDevices.showResult(place, 'busy', EnergyDevices.text(TYPE, 'dialog.testing'));
    return askSite('targets')
      .done((answer) => {
        const targets = answer.targets as Record<string, number | null>;
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
    askSite('signals').then((answer) =>
      (answer.signals as { name: string }[]).map(({ name }) => ({ value: name, label: name })),
    );

  EnergyDevices.scripts[TYPE] = {
    prepare: (node) => {
      showMonths((node.targets as Record<string, string | number> | undefined) ?? {});
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
        return wrong === undefined || EnergyDevices.text(TYPE, 'errors.targetValue', { month: wrong });
      },
    },
  };
}
