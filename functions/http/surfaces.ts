import type { Surface } from '../../shared/http/index.ts';
import { artifacts } from './artifacts.ts';
import { batch } from './batch.ts';
import { endpoints, feedbacks } from './endpoints.ts';
import { invocations, openInference } from './inference.ts';
import { monitoring } from './monitoring.ts';
import { pipelines } from './pipelines.ts';
import { platform } from './platform.ts';
import { registry } from './registry.ts';
import { tracking } from './tracking.ts';

/** Every surface, in the order in which they are asked. */
export const surfaces: readonly Surface[] = [
  platform,
  tracking,
  artifacts,
  registry,
  endpoints,
  feedbacks,
  invocations,
  openInference,
  batch,
  monitoring,
  pipelines,
];
