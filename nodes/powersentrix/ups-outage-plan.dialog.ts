{
  const TYPE = 'ups-outage-plan';
  const TABLE = '#ups-outage-plan-steps';
  const DRY = '#ups-outage-plan-dry';

  type DryStep = import('../../lib/outage/step').DryStep;

  /** The table as the dialog began with it. */
  let shown = '';

  const text = (key: string, params?: Record<string, string | number>): string =>
    EnergyDevices.text(TYPE, key, params);

  const problemText = (rows: unknown): string => {
    const problem = EnergyDevices.stepProblem(rows);
    return problem ? text(problem.key, problem.params) : '';
  };

  /** One step in words. */
  const inWords = (step: DryStep): string => {
    const { port, wait, seconds, earliest, latest } = step;
    const due = [
      ...(step.after === null ? [] : [text('dry.after', { seconds: step.after })]),
      ...(step.below === null ? [] : [text('dry.below', { volts: EnergyDevices.number(step.below) })]),
      ...(step.low ? [text('dry.low')] : []),
    ].join(text('dry.or'));
    const what =
      step.action === 'off'
        ? text('dry.off', { port: port ?? '' })
        : text('dry.message', { text: step.text ?? '' });
    const waits =
      wait === 'none'
        ? []
        : [text(`dry.${wait}`, { seconds, hosts: step.hosts.join(', '), port: port ?? '' })];
    const range =
      earliest === null || latest === null
        ? []
        : [text(earliest === latest ? 'dry.at' : 'dry.between', { from: earliest, to: latest })];
    return [
      text('dry.step', { step: step.step }),
      due,
      ...waits,
      what,
      ...range,
      ...(step.needed ? [text('dry.needed')] : []),
    ].join(' · ');
  };

  const showDryRun = (node: EnergyDevices.EditedNode): JQuery.Promise<unknown> => {
    const place = $(DRY);
    const names = ['needed', 'finish', 'order'];
    const more = { steps: EnergyDevices.stepRows(TABLE) };
    return EnergyDevices.ask(node, 'dryRun', { settings: names, credentials: [], more })
      .done((answer) => {
        const { steps, back } = answer as unknown as { steps: DryStep[]; back: number[] };
        const list = $('<ol>');
        for (const step of steps) list.append($('<li>').text(inWords(step)));
        place.empty().append(list, $('<p>').text(text('dry.back', { ports: back.join(', ') })));
      })
      .fail((words: string) => place.text(words));
  };

  EnergyDevices.scripts[TYPE] = {
    check: {
      steps: (value) => problemText(value) || true,
    },
    prepare: (node) => {
      const servers = $('#node-input-server').empty();
      servers.append($('<option>', { value: '' }).text(text('dialog.noServer')));
      RED.nodes.eachNode((one) => {
        const { type, id, name } = one as { type: string; id: string; name?: string };
        if (type === 'ups-nut-server')
          servers.append($('<option>', { value: id }).text(name === undefined || name === '' ? id : name));
        return true;
      });
      servers.val(typeof node.server === 'string' ? node.server : '');
      const check = (): void => EnergyDevices.problem($(TABLE), problemText(EnergyDevices.stepRows(TABLE)));
      EnergyDevices.stepTable(node, TABLE, (node.steps as object[] | undefined) ?? [], check);
      shown = JSON.stringify(EnergyDevices.stepRows(TABLE));
      check();
      const button = $('#ups-outage-plan-dry-run');
      EnergyDevices.slowButton(button, () => showDryRun(node));
    },
    save: (node) => {
      const rows = EnergyDevices.stepRows(TABLE);
      // The editor itself does not compare lists, so a change has to be told. What nobody has touched stays as it is.
      if (JSON.stringify(rows) === shown) return false;
      node.steps = rows;
      return true;
    },
  };
}
