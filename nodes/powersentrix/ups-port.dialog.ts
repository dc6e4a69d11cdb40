{
  const TYPE = 'ups-port';
  /** Characters of a name; a UPS takes 128, which is more than a node is wide. */
  const LONGEST_NAME = 40;

  interface Ports {
    ports: { port: number; description: string | null }[];
  }

  /** What the UPS chosen calls its ports, by port; `undefined`: not known. */
  let known: Map<string, string> | undefined;
  /** The number of the last question: an answer to one before it is about another UPS. */
  let asked = 0;

  const chosen = (name: string): string => {
    const value = $(`#node-input-${name}`).val();
    return typeof value === 'string' ? value : '';
  };

  const withName = (port: string, name: string | undefined): string => (name ? `${port} ${name}` : port);

  const showNames = (): void => {
    for (const option of $('#node-input-port option').toArray()) {
      const port = String($(option).val());
      // Neither *from the message* nor a variable is a port.
      if (/^\d+$/.test(port)) $(option).text(withName(port, known?.get(port)));
    }
  };

  const loadNames = (): void => {
    const question = ++asked;
    known = undefined;
    showNames();
    const device = chosen('device');
    if (!EnergyDevices.isChosen(device)) return;
    void $.getJSON(`energy-devices/ups-device/${encodeURIComponent(device)}/ports`).done(
      ({ ports }: Ports) => {
        if (question !== asked || ports.length === 0) return;
        known = new Map(
          ports.map(({ port, description }) => [
            String(port),
            Array.from((description ?? '').trim())
              .slice(0, LONGEST_NAME)
              .join(''),
          ]),
        );
        showNames();
      },
    );
  };

  EnergyDevices.scripts[TYPE] = {
    prepare: () => {
      loadNames();
      let device = chosen('device');
      $('#node-input-device').on('change', () => {
        // The editor says `change` once more when the dialog stands.
        if (chosen('device') === device) return;
        device = chosen('device');
        loadNames();
      });
    },
    save: (node) => {
      const before = node.portName ?? '';
      const port = chosen('port');
      const isSame = port === node.port && chosen('device') === node.device;
      // A node that nobody has changed stays as it is, and a name goes with its port and UPS.
      if (isSame && (before === '' || !known)) return false;
      node.portName = known?.get(port) ?? '';
      return node.portName !== before;
    },
    close: () => {
      asked++;
      known = undefined;
    },
    // A row of ports that all look alike is where the wrong one is switched.
    label: ({ port, portName, action }) => {
      if (typeof port !== 'string' || port === '') return '';
      const name = typeof portName === 'string' ? portName : '';
      const shown = name === '' ? EnergyDevices.text(TYPE, 'node.port', { port }) : withName(port, name);
      if (typeof action !== 'string' || action === 'msg') return shown;
      return `${shown} · ${EnergyDevices.text(TYPE, `action.${action}`).replace(/ \(.*/, '')}`;
    },
  };
}
