export { containerExecutor } from './container-executor.ts';
export { executorNamed, listExecutors } from './declared.ts';
export type { Execution, Executor, Task } from './executor.ts';
export { localExecutor, stopExecutors } from './local-executor.ts';
export { startedRun } from './github-executor.ts';
export { hear, type Report } from './webhook-executor.ts';
