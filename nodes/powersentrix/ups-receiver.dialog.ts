{
  const TYPE = 'ups-receiver';
  const COLUMNS = ['cmm', 'model', 'serialNumber', 'firmware', 'address', 'lastPush'];

  /** Where a UPS reaches Node-RED; without a root it serves no HTTP nodes. */
  interface Server {
    origin: string;
    root: string | null;
  }

  interface Addresses {
    addresses: string[];
    root: string | null;
    adminRoot: string;
  }

  interface Registrations {
    problem: object | null;
    upses: {
      cmm: string;
      description: string | null;
      model: string | null;
      serialNumber: string | null;
      firmware: string | null;
      address: string;
      lastPush: string;
      assigned: boolean;
    }[];
  }

  let timer: ReturnType<typeof setInterval> | undefined;

  const field = (name: string): JQuery => $(`#node-config-input-${name}`);

  /** A path with one slash before it and none behind; the root itself is empty. */
  const trimmed = (path: string): string => {
    const segments = path.split('/').filter((segment) => segment.trim() !== '');
    return segments.length === 0 ? '' : `/${segments.join('/').trim()}`;
  };

  const showUrl = ({ origin, root }: Server): void => {
    const secret = String(field('secret').val()).trim();
    const path = trimmed(String(field('path').val()).trim());
    $('#ups-receiver-url')
      .val(root === null ? '' : origin + root + path + (secret ? `/${secret}` : ''))
      .attr(
        'placeholder',
        root === null ? EnergyDevices.text(TYPE, 'errors.powersentrixHttpNodeRootOff') : '',
      );
    $('#ups-receiver-copy').prop('disabled', root === null);
  };

  /** A UPS cannot reach an editor that was opened as localhost. */
  const reachable = ([first]: string[]): string => {
    const { hostname, origin, protocol, port } = location;
    const local = /^(localhost|127\.|\[::1\])/.test(hostname);
    return local && first !== undefined ? `${protocol}//${first}${port ? `:${port}` : ''}` : origin;
  };

  /** What a proxy takes off in front of Node-RED: it stands before the editor's own path, and so before the receiver's. */
  const proxyPrefix = (adminRoot: string): string => {
    const path = trimmed(location.pathname);
    return path.endsWith(adminRoot) ? path.slice(0, path.length - adminRoot.length) : '';
  };

  const serverOf = ({ addresses, root, adminRoot }: Addresses): Server => ({
    origin: reachable(addresses),
    root: root === null ? null : proxyPrefix(adminRoot) + root,
  });

  const randomSecret = (): string => {
    const bytes = window.crypto.getRandomValues(new Uint8Array(16));
    return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  };

  const line = (place: JQuery, color: string, text: string): void => {
    $('<div>').css('color', `var(--red-ui-${color})`).text(text).appendTo(place);
  };

  /** Shows who has registered, and only when it has changed: a screen reader tells of every change. */
  const showList = (response: Registrations): void => {
    const place = $('#ups-receiver-list');
    const content = JSON.stringify(response);
    if (place.data('shown') === content) return;
    place.data('shown', content).empty();
    if (response.problem) line(place, 'text-color-error', EnergyDevices.errorText(TYPE, response.problem));
    if (response.upses.length === 0) {
      line(place, 'secondary-text-color', EnergyDevices.text(TYPE, 'list.none'));
      return;
    }
    const table = $('<table>', { css: { width: '100%', textAlign: 'left' } }).appendTo(place);
    const head = $('<tr>').appendTo(table);
    for (const column of COLUMNS)
      $('<th>')
        .text(EnergyDevices.text(TYPE, `list.${column}`))
        .appendTo(head);
    for (const ups of response.upses) {
      const { cmm, model, serialNumber, firmware, address, lastPush, assigned } = ups;
      const row = $('<tr>').attr('data-cmm', cmm).appendTo(table);
      const name = assigned ? cmm : EnergyDevices.text(TYPE, 'list.unassigned', { cmm });
      const time = new Date(lastPush).toLocaleString(RED.i18n.lang() || undefined);
      for (const text of [name, model, serialNumber, firmware, address, time]) {
        $('<td>')
          .text([text].find((one) => one) ?? '–')
          .appendTo(row);
      }
    }
  };

  const deviceOf = ({ cmm, description }: Registrations['upses'][number]): EnergyDevices.Device => ({
    source: 'push',
    place: cmm,
    name: [description].find((text) => text) ?? cmm,
  });

  EnergyDevices.scripts[TYPE] = {
    prepare: ({ id }) => {
      let server: Server = {
        origin: location.origin,
        root: trimmed(String(Reflect.get(RED.settings, 'httpNodeRoot') ?? '/')),
      };
      const update = (): void => {
        showUrl(server);
      };
      // One that exists may be without, and its UPSes know its address.
      if (!RED.nodes.node(id)) field('secret').val(randomSecret());
      field('path').add(field('secret')).on('input change', update);
      update();
      void $.getJSON('energy-devices/ups-receiver/any/addresses').done((response: Addresses) => {
        server = serverOf(response);
        update();
      });
      $('#ups-receiver-generate').on('click', (event) => {
        event.preventDefault();
        field('secret').val(randomSecret()).trigger('change');
      });
      $('#ups-receiver-copy').on('click', function (event) {
        event.preventDefault();
        const url = String($('#ups-receiver-url').val());
        // Node-RED's types say an element; it takes what jQuery has found.
        const button = $(this) as unknown as HTMLElement;
        RED.clipboard.copyText(url, button, 'clipboard.copyMessageValue');
      });
      const refresh = (): void => {
        void $.getJSON(`energy-devices/ups-receiver/${encodeURIComponent(id)}/registrations`)
          .done(showList)
          .fail((xhr) => $('#ups-receiver-list').text(EnergyDevices.requestFailed(TYPE, xhr)));
      };
      refresh();
      clearInterval(timer);
      timer = setInterval(refresh, 2000);
    },
    close: () => {
      clearInterval(timer);
    },
    insert: {
      load: ({ id }) => {
        const found = $.Deferred<EnergyDevices.Device[]>();
        void $.getJSON(`energy-devices/ups-receiver/${encodeURIComponent(id)}/registrations`)
          .done(({ upses, problem }: Registrations) => {
            if (problem) found.reject(EnergyDevices.errorText(TYPE, problem));
            else if (upses.length === 0) found.reject(EnergyDevices.text(TYPE, 'list.none'));
            else found.resolve(upses.map(deviceOf));
          })
          .fail((xhr) => {
            found.reject(EnergyDevices.requestFailed(TYPE, xhr));
          });
        return found.promise();
      },
      sources: { push: 'id', lan: 'address' },
      keys: { push: ['receiver', 'cmm'], lan: ['url'] },
      device: ({ source, place }, receiver) => ({
        type: 'ups-device',
        source,
        // A UPS pushes every five minutes by itself.
        ...(source === 'lan' ? { url: place } : { receiver, cmm: place, interval: 300 }),
      }),
      reader: (name, device) => ({ type: 'ups-status', name, device }),
      later: { lan: 'insert.keys' },
    },
  };
}
