import { existsSync, readFileSync } from 'node:fs';

/** What the flow of one instance has written down. */
export interface Note {
  /** epoch ms */
  at: number;
  /** the instance */
  by: string;
  what: 'slot' | 'done' | 'refused' | 'own' | 'owner' | 'log' | 'available' | 'command' | 'reading';
  ups?: string;
  slot?: number;
  code?: string;
  text?: string;
  id?: string;
  device?: string;
  available?: boolean;
}

/** Reads the notes of an instance; a line that it was killed in counts for nothing. */
export function readNotes(file: string, by: string): Note[] {
  if (!existsSync(file)) return [];
  return readFileSync(file, 'utf8')
    .split('\n')
    .flatMap((line): Note[] => {
      try {
        return [{ ...(JSON.parse(line) as Omit<Note, 'by'>), by }];
      } catch {
        return [];
      }
    });
}
