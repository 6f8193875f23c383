/** Whether an instance can do its work. */
export { type Dependency, type Readiness, readiness } from './readiness.ts';
