import { readFile } from 'node:fs/promises';
import { vegaFile } from './source.ts';

/** Penguins of the Palmer archipelago, from the vega-datasets package: small, three classes, with gaps. */
export type Penguin = {
  species: string;
  island: string;
  beakLengthMm: number | null;
  beakDepthMm: number | null;
  flipperLengthMm: number | null;
  bodyMassGrams: number | null;
  sex: string | null;
};

export const penguinColumns = {
  numeric: ['beakLengthMm', 'beakDepthMm', 'flipperLengthMm', 'bodyMassGrams'],
  categorical: ['island', 'sex'],
  label: 'species',
} as const;

export async function loadPenguins(): Promise<Penguin[]> {
  const rows = JSON.parse(await readFile(vegaFile('penguins.json'), 'utf8')) as Record<
    string,
    string & number
  >[];
  return rows.map((row) => ({
    species: row['Species'],
    island: row['Island'],
    beakLengthMm: row['Beak Length (mm)'],
    beakDepthMm: row['Beak Depth (mm)'],
    flipperLengthMm: row['Flipper Length (mm)'],
    bodyMassGrams: row['Body Mass (g)'],
    sex: row['Sex'] === '.' ? null : row['Sex'],
  }));
}
