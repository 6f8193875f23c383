import * as z from 'zod';
import { resourceTypes } from '../../shared/access/index.ts';
import { type Method, mlflowError, route, type Surface } from '../../shared/http/index.ts';
import { mlflowPaths } from './mlflow.ts';

/** The answer of a list that has nothing in it, as protobuf's JSON gives it. */
const nothing = {};

const lists: readonly (readonly [version: '2.0' | '3.0', path: string, method: Method, answer: object])[] = [
  ['2.0', 'gateway-proxy', 'GET', { endpoints: [] }],
  ['3.0', 'traces/search', 'POST', nothing],
  ['3.0', 'traces/metrics', 'POST', nothing],
  ['3.0', 'datasets/search', 'GET', nothing],
  ['3.0', 'datasets/search', 'POST', nothing],
];

/**
 * Lists that MLflow's pages and clients ask for on their way, of things that this platform does not keep
 * (traces, evaluation datasets, a gateway): none of those can be made here, so the lists are empty.
 */
export const mlflowEmpty: Surface = {
  name: 'mlflow-empty',
  part: 'control',
  errors: mlflowError,
  routes: lists.flatMap(([version, path, method, answer]) =>
    mlflowPaths(`mlflow/${path}`, version).map((full) =>
      route(method, full, {
        operation: path,
        role: 'viewer',
        scope: { among: resourceTypes },
        input: z.object({}),
        handle: () => Promise.resolve(answer),
      }),
    ),
  ),
};
