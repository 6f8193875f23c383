export { containerExecutor } from './container-executor.ts';
export type { Execution, Executor, Task } from './executor.ts';
export { localExecutor, stopExecutors } from './local-executor.ts';
