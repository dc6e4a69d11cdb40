{
  const TYPE = 'enapter-connection';

  interface DevicesResponse {
    devices: { id: string; name: string | null }[];
  }

  /** The editor's typings name the element only. */
  interface Notification {
    close: () => void;
  }

  /** What may be seen of the configuration; the key and the password never come back from the runtime. */
  type ShownResponse = Record<string, string | number>;

  const field = (name: string): JQuery => $(`#node-config-input-${name}`);
  const part = (name: string): JQuery => $(`#${TYPE}-${name}`);
  const say = (key: string): string => EnergyDevices.text(TYPE, key);
  const typed = (place: JQuery): string => String(place.val()).trim();

  const askAccount = (
    action: string,
    more?: Record<string, unknown>,
  ): JQuery.Promise<EnergyDevices.Response> =>
    EnergyDevices.askChosen(field('account').val(), action, {
      type: 'enapter-account',
      settings: ['url', 'tls', 'proxy'],
      credentials: ['token'],
      missing: 'errors.enapterNoAccount',
      ...(more ? { more } : {}),
    });

  const showConfig = (node: EnergyDevices.EditedNode): void => {
    if (!field('config').val()) {
      EnergyDevices.showResult(part('shown'), 'none');
      return;
    }
    EnergyDevices.ask(node, 'describe', { settings: ['host'], credentials: ['config'] })
      .done((response) => {
        const text = EnergyDevices.text(TYPE, 'shown', response as ShownResponse);
        EnergyDevices.showResult(part('shown'), 'good', text);
      })
      .fail((message: string) => EnergyDevices.showResult(part('shown'), 'bad', message));
  };

  const offerDevices = (): void =>
    EnergyDevices.choices(TYPE, {
      field: part('device'),
      from: field('account'),
      load: () =>
        askAccount('devices').then((response) => {
          const { devices } = response as unknown as DevicesResponse;
          return devices.map(({ id, name }) => ({ value: id, label: name ?? id }));
        }),
    });

  const generate = (): void => {
    const place = part('generate-result');
    const button = part('generate').attr('aria-disabled', 'true');
    EnergyDevices.showResult(place, 'busy', say('generate.busy'));
    askAccount('generate', { deviceId: typed(part('device')), protocol: part('protocol').val() })
      .done(({ config }) => {
        field('config').val(String(config)).trigger('change');
        EnergyDevices.showResult(place, 'good', say('generate.done'));
      })
      .fail((message: string) => EnergyDevices.showResult(place, 'bad', message))
      .always(() => button.removeAttr('aria-disabled'));
  };

  /** The configuration before the generated one may stop working, so a person has to agree. */
  const confirmGenerate = (): void => {
    if (part('generate').attr('aria-disabled') === 'true') return;
    if (!EnergyDevices.isChosen(field('account').val()) || !typed(part('device'))) {
      EnergyDevices.showResult(part('generate-result'), 'bad', say('generate.missing'));
      return;
    }
    const notification = RED.notify(say('generate.warning'), {
      type: 'warning',
      modal: true,
      fixed: true,
      buttons: [
        { text: say('button.cancel'), click: () => notification.close() },
        {
          text: say('button.generate'),
          class: 'primary',
          click: () => {
            notification.close();
            generate();
          },
        },
      ],
    }) as unknown as Notification;
  };

  const saveManifest = (node: EnergyDevices.EditedNode): void => {
    const place = part('manifest-result');
    $.getJSON(`energy-devices/${TYPE}/${encodeURIComponent(node.id)}/manifest`)
      .done(({ manifest }: { manifest: string }) => {
        EnergyDevices.download('manifest.yml', manifest, 'application/yaml');
        EnergyDevices.showResult(place, 'good', say('manifest.saved'));
      })
      .fail((xhr) => EnergyDevices.showResult(place, 'bad', EnergyDevices.requestFailed(TYPE, xhr)));
  };

  EnergyDevices.scripts[TYPE] = {
    prepare: (node) => {
      field('config')
        .add(field('host'))
        .on('change', () => showConfig(node));
      showConfig(node);
      offerDevices();
      for (const [name, run] of Object.entries({ generate: confirmGenerate, manifest: saveManifest })) {
        part(name).on('click', (event) => {
          event.preventDefault();
          run(node);
        });
      }
    },
    describe: (response) => EnergyDevices.text(TYPE, 'test.connected', response as ShownResponse),
  };
}
