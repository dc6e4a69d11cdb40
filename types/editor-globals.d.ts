import type { EditorRED } from 'node-red';

declare global {
  /** Node-RED's editor, in the browser only. */
  const RED: EditorRED;
}
