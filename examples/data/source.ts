import { fileURLToPath } from 'node:url';

/** Path of a file in the vega-datasets package, which exports its data to nobody but bundlers. */
export const vegaFile = (name: string): string =>
  fileURLToPath(new URL(`../../node_modules/vega-datasets/data/${name}`, import.meta.url));
