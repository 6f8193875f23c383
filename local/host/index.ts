export { HostError } from './errors.ts';
export { type Host, type HostOptions, startHost } from './host.ts';
export type { Log } from './log.ts';
export type { Clock } from './timer.ts';
