import type { Surface } from '../../shared/http/index.ts';
import { artifacts } from './artifacts.ts';
import { platform } from './platform.ts';
import { registry } from './registry.ts';
import { tracking } from './tracking.ts';

/** Every surface, in the order in which they are asked. */
export const surfaces: readonly Surface[] = [platform, tracking, artifacts, registry];
