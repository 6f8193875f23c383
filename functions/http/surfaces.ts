import type { Surface } from '../../shared/http/index.ts';
import { access } from './access/index.ts';
import { alerts } from './alerts/index.ts';
import { artifacts } from './artifacts/index.ts';
import { audit } from './audit/index.ts';
import { batch } from './batch/index.ts';
import { description } from './description.ts';
import { descriptions } from './endpoints/describe.ts';
import { endpoints } from './endpoints/endpoints.ts';
import { feedbacks } from './endpoints/feedback.ts';
import { endpointMetrics } from './endpoints/metrics.ts';
import { rollouts } from './endpoints/rollouts.ts';
import { erasures } from './erasure.ts';
import { graphql } from './graphql/index.ts';
import { invocations, openInference } from './inference/index.ts';
import { lineage } from './lineage.ts';
import { mlflowAccess } from './mlflow-access/index.ts';
import { mlflowEmpty } from './mlflow-empty.ts';
import { mlflowUi } from './mlflow-ui.ts';
import { models } from './models/index.ts';
import { monitoring } from './monitoring/index.ts';
import { pipelines } from './pipelines.ts';
import { platform, serverInfo } from './platform.ts';
import { prometheus } from './prometheus.ts';
import { purges } from './purge.ts';
import { registry } from './registry/index.ts';
import { runsTable } from './runs-table.ts';
import { tracking } from './tracking/index.ts';
import { usage } from './usage.ts';
import { web } from './web.ts';
import { webhookDeliveries, webhooks } from './webhooks.ts';

const served: readonly Surface[] = [
  platform,
  serverInfo,
  access,
  mlflowAccess,
  audit,
  usage,
  erasures,
  tracking,
  runsTable,
  artifacts,
  registry,
  models,
  webhooks,
  webhookDeliveries,
  lineage,
  endpoints,
  endpointMetrics,
  rollouts,
  descriptions,
  feedbacks,
  invocations,
  openInference,
  batch,
  monitoring,
  alerts,
  pipelines,
  prometheus,
  purges,
  graphql([...tracking.routes, ...artifacts.routes, ...registry.routes]),
  mlflowEmpty,
  mlflowUi,
  web,
];

/** Every surface, in the order in which they are asked; the last one describes them all. */
export const surfaces: readonly Surface[] = [...served, description(served)];
