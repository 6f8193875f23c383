import { mlflowError, type Surface } from '../../../shared/http/index.ts';
import { multipart } from './multipart.ts';
import { owned } from './owned.ts';
import { presigned } from './presigned.ts';
import { proxy } from './proxy.ts';

/** MLflow's artifacts: by path, through this server or straight to and from storage, and by who has them. */
export const artifacts: Surface = {
  name: 'artifacts',
  part: 'control',
  errors: mlflowError,
  routes: [...proxy, ...multipart, ...presigned, ...owned],
};
