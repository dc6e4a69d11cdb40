/** What the shared script of the dialogs offers to a dialog's own script, see resources/. In the browser only. */
declare namespace EnergyDevices {
  /** A node as its dialog sees it. */
  interface EditedNode {
    type: string;
    id: string;
    name?: string;
    /** looks up a text of its catalogue */
    _: (key: string, params?: Record<string, string | number>) => string;
    [setting: string]: unknown;
  }

  /** An answer of the runtime to a dialog's question. */
  type Response = Record<string, unknown>;

  interface Choice {
    value: string;
    label: string;
  }

  /** A device that nodes may be inserted for. */
  interface Device {
    /** the way to it, one of the dialog's `sources` */
    source: string;
    /** its id or address, as the source says */
    place: string;
    name: string;
  }

  /** A node to insert: its settings, without those that have their defaults. */
  type Made = Record<string, unknown> & { type: string };

  /** Which nodes a dialog inserts for all devices. */
  interface Insert {
    /** the devices that there are; rejects with the text to show */
    load: (node: EditedNode) => JQuery.Promise<Device[]>;
    /** what a pasted list may name as source, and how its devices are found; the first one where it names none */
    sources: Record<string, 'id' | 'address'>;
    /** what an id has to be, where not any text will do */
    form?: RegExp;
    /** by source: the settings that say which device a node is of, its id or address last */
    keys: Record<string, string[]>;
    /** the node that stands for a device; `id`: of the dialog's node */
    device: (device: Device, id: string) => Made;
    /** the flow node that reads it, where `device` is a config node; `device`: the id of that */
    reader?: (name: string, device: string) => Made;
    /** by source: key of what is left to do with those inserted, `__count__` */
    later?: Record<string, string>;
  }

  /** A dialog's own script. */
  interface Script {
    /** the form is open and its fields have their values */
    prepare?: (node: EditedNode) => void;
    /**
     * the dialog is saved: its own rows go into the node; needs `closes` in the description. Returns whether something
     * has changed that the editor does not see.
     */
    save?: (node: EditedNode) => boolean | void;
    /** the dialog has ended; needs `closes` in the description */
    close?: (node: EditedNode) => void;
    /** for a dialog with the piece `insert` */
    insert?: Insert;
    /** the text for a test that succeeded */
    describe?: (response: Response, node: EditedNode) => string;
    /** tests in another way than with this dialog's fields; `undefined`: with them after all */
    test?: () => JQuery.Promise<Response> | undefined;
    /** what names a node without a name; an empty text for nothing */
    label?: (node: EditedNode) => string;
    /** by setting: `true`, or what is wrong with its value, in words; needs `checked` in the description */
    check?: Record<string, (value: unknown) => true | string>;
  }

  /** the scripts by node type */
  const scripts: Record<string, Script>;

  function text(type: string, key: string, params?: Record<string, string | number>): string;
  function errorText(type: string, error: object): string;
  function isEnv(value: unknown): boolean;
  function isChosen(id: unknown): boolean;
  function number(value: number | null): string;
  function download(name: string, content: string, type: string): void;
  function requestFailed(type: string, xhr: JQuery.jqXHR): string;
  /** a setting as it stands in the open dialog, else as the node holds it */
  function settingOf(node: EditedNode, name: string): unknown;
  function ask(
    node: EditedNode,
    action: string,
    /** `more`: settings that stand in no field */
    fields: { settings: string[]; credentials: string[]; more?: Record<string, unknown> },
  ): JQuery.Promise<Response>;
  function request(
    type: string,
    id: string,
    action: string,
    values: { settings: Record<string, unknown>; credentials: Record<string, unknown> },
  ): JQuery.Promise<Response>;
  function askChosen(
    id: unknown,
    action: string,
    options: {
      type: string;
      settings: string[];
      credentials: string[];
      missing: string;
      more?: Record<string, unknown>;
    },
  ): JQuery.Promise<Response>;
  /** says below a field what is wrong with it; an empty text says nothing */
  function problem(field: JQuery, message: string): void;
  function showResult(place: JQuery, state: 'busy' | 'good' | 'bad' | 'none', message?: string): void;
  function slowButton(button: JQuery, run: () => JQuery.Promise<unknown>): void;
  function choices(
    type: string,
    options: {
      field: JQuery;
      from?: JQuery;
      load: (again: boolean) => JQuery.Promise<Choice[]>;
      /** what is not in the list may come yet */
      open?: boolean;
    },
  ): void;

  /** offers the devices of the account chosen in `account` in the field `deviceId` */
  function deviceChoices(
    type: string,
    account: { type: string; settings: string[]; credentials: string[]; missing: string },
  ): void;
  /** says below a field what is wrong with it; an empty text says nothing */
  function problem(field: JQuery, message: string): void;

  /** a table of hours, each row with a number of this name */
  function hourTable(node: EditedNode, place: string, name: string, rows: object[]): void;
  function hourRows(place: string, name: string): object[];
  /** a table of which station or space is whose */
  function nameTable(node: EditedNode, place: string, rows: object[]): void;
  function nameRows(place: string): object[];
  /** what is wrong with the table of a plan for outages; `undefined`: nothing */
  function stepProblem(rows: unknown): { key: string; params: Record<string, number> } | undefined;
  /** `changed` hears of each change */
  function stepTable(node: EditedNode, place: string, rows: object[], changed: () => void): void;
  function stepRows(place: string): object[];
  /** says which time zone applies, and where the state is kept */
  function about(node: EditedNode, place: string): void;
}
