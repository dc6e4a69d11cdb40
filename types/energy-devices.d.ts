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
  type Answer = Record<string, unknown>;

  interface Choice {
    value: string;
    label: string;
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
    /** the text for a test that succeeded */
    describe?: (answer: Answer, node: EditedNode) => string;
    /** tests in another way than with this dialog's fields */
    test?: () => JQuery.Promise<Answer>;
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
    fields: { settings: string[]; credentials: string[] },
  ): JQuery.Promise<Answer>;
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
  ): JQuery.Promise<Answer>;
  /** says below a field what is wrong with it; an empty text says nothing */
  function problem(field: JQuery, message: string): void;
  function showResult(place: JQuery, state: 'busy' | 'good' | 'bad' | 'none', message?: string): void;
  function slowButton(button: JQuery, run: () => JQuery.Promise<unknown>): void;
  function choices(
    type: string,
    options: { field: JQuery; from?: JQuery; load: (again: boolean) => JQuery.Promise<Choice[]> },
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
}
