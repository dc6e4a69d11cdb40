{
  const TYPE = 'ups-device';
  /** A of all ports together that no UPS of this kind delivers: 12 ports of 10 A */
  const MAX_AMPERES = 120;

  interface TestResponse {
    ups: { model: string | null; serialNumber: string | null; totalCurrent?: number | null };
    lastPush?: string;
  }

  interface AccountResponse {
    upses: { id: string; name: string | null; serialNumber: string | null }[];
  }

  interface Registrations {
    upses: { cmm: string; description: string | null; serialNumber: string | null }[];
  }

  /** Key of the text that says which of both sums no UPS delivers; empty: either may be true. */
  const absurdSums = (inMilliamperes: number): string => {
    if (inMilliamperes > MAX_AMPERES) return 'test.tooMuchBoth';
    return inMilliamperes * 10 > MAX_AMPERES ? 'test.tooMuch' : '';
  };

  const field = (name: string): JQuery => $(`#node-config-input-${name}`);

  const firstText = (...texts: (string | null)[]): string => texts.find((text) => text) ?? '';

  /** Asks with an account's login, as it stands in the editor. */
  const askAccount = (
    action: string,
    more: Record<string, unknown>,
  ): JQuery.Promise<EnergyDevices.Response> =>
    EnergyDevices.askChosen(field('account').val(), action, {
      type: 'powersentrix-account',
      settings: ['url', 'tls', 'proxy'],
      credentials: ['email', 'password'],
      missing: 'errors.powersentrixNoAccount',
      more,
    });

  /** One login for an open dialog and an account as it stands: a wrong password must not lock the account. */
  let listed: { login: string; response: JQuery.Promise<EnergyDevices.Response> } | undefined;

  const choicesOfAccount = (again: boolean): JQuery.Promise<EnergyDevices.Choice[]> => {
    const account = RED.nodes.node(String(field('account').val())) as Record<string, unknown> | null;
    const { id, url, tls, proxy, credentials } = account ?? {};
    const login = JSON.stringify([id, url, tls, proxy, credentials]);
    if (again || listed?.login !== login) listed = { login, response: askAccount('test', {}) };
    return listed.response.then((response) => {
      const { upses } = response as unknown as AccountResponse;
      return upses.map(({ id: value, name, serialNumber }) => ({
        value,
        label: firstText(name, serialNumber, value),
      }));
    });
  };

  const choicesOfReceiver = (): JQuery.Promise<EnergyDevices.Choice[]> => {
    const id = encodeURIComponent(String(field('receiver').val()));
    const found = $.Deferred<EnergyDevices.Choice[]>();
    void $.getJSON(`energy-devices/ups-receiver/${id}/registrations`)
      .done(({ upses }: Registrations) => {
        const choices = upses.map(({ cmm: value, description, serialNumber }) => ({
          value,
          label: firstText(description, serialNumber, value),
        }));
        found.resolve(choices);
      })
      .fail((xhr) => {
        found.reject(EnergyDevices.requestFailed(TYPE, xhr));
      });
    return found.promise();
  };

  EnergyDevices.scripts[TYPE] = {
    prepare: () => {
      listed = undefined;
      EnergyDevices.choices(TYPE, { field: field('upsId'), from: field('account'), load: choicesOfAccount });
      EnergyDevices.choices(TYPE, {
        field: field('cmm'),
        from: field('receiver'),
        load: choicesOfReceiver,
        open: true,
      });
    },
    // A UPS of the cloud is reached by the account, which knows the login.
    test: () =>
      field('source').val() === 'cloud' ? askAccount('read', { upsId: field('upsId').val() }) : undefined,
    describe: (response) => {
      const { ups, lastPush } = response as unknown as TestResponse;
      const { model, serialNumber, totalCurrent } = ups;
      const sums = {
        mA: EnergyDevices.number(totalCurrent ?? null),
        tenMA: EnergyDevices.number(typeof totalCurrent === 'number' ? totalCurrent * 10 : null),
      };
      const found = EnergyDevices.text(TYPE, totalCurrent === undefined ? 'test.registered' : 'test.ups', {
        model: firstText(model, '–'),
        serialNumber: firstText(serialNumber, '–'),
        ...sums,
      });
      const absurd = absurdSums(totalCurrent ?? 0);
      const said = absurd === '' ? found : `${found} ${EnergyDevices.text(TYPE, absurd, sums)}`;
      if (lastPush === undefined) return said;
      const time = new Date(lastPush).toLocaleString(RED.i18n.lang() || undefined);
      return `${said} ${EnergyDevices.text(TYPE, 'test.lastPush', { time })}`;
    },
  };
}
