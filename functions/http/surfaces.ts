import type { Surface } from '../../shared/http/index.ts';
import { platform } from './platform.ts';

/** Every surface, in the order in which they are asked. */
export const surfaces: readonly Surface[] = [platform];
