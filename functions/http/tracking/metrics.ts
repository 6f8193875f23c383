import { fields, type Route } from '../../../shared/http/index.ts';
import { metricHistory } from '../../../shared/tracking/index.ts';
import { mlflow, optional } from '../mlflow.ts';
import { runId, runRef } from './fields.ts';
import { metricJson } from './json.ts';

/** The history of metrics. */
export const metrics: readonly Route[] = [
  ...mlflow('GET', 'metrics/get-history', 'viewer', {
    input: runRef.extend({ metric_key: fields.requiredText }),
    handle: async (ctx, input) => {
      const points = await metricHistory(ctx, runId(input), input.metric_key);
      return optional('metrics', points.map(metricJson));
    },
  }),
];
