import { problem, type Surface } from '../../../shared/http/index.ts';
import { files } from './files.ts';
import { jobs } from './jobs.ts';

/** Batch scoring: files in, jobs, files out. */
export const batch: Surface = {
  name: 'batch',
  part: 'control',
  errors: problem,
  routes: [...jobs, ...files],
};
