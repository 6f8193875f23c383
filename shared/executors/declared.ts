import type { Context } from '../context.ts';
import type { ExecutorSetting } from '../executor-settings.ts';
import { containerExecutor } from './container-executor.ts';
import type { Executor } from './executor.ts';
import { githubExecutor } from './github-executor.ts';
import { localExecutor } from './local-executor.ts';
import { webhookExecutor } from './webhook-executor.ts';

/** What CAIRN_EXECUTORS declares, by name: of each no more than its kind, for the rest is where it is and what it runs. */
export function listExecutors({
  settings,
}: Context): { readonly name: string; readonly kind: ExecutorSetting['kind'] }[] {
  return Object.entries(settings.executors)
    .map(([name, { kind }]) => ({ name, kind }))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/** The executor that CAIRN_EXECUTORS declares under a name; `undefined` where it declares none. */
export function executorNamed({ settings, stores }: Context, name: string): Executor | undefined {
  const declared = Object.hasOwn(settings.executors, name) ? settings.executors[name] : undefined;
  switch (declared?.kind) {
    case 'process':
      return localExecutor(declared.command);
    case 'container-job':
      return containerExecutor(declared.resourceId, stores.management);
    case 'github':
      return githubExecutor(declared);
    case 'webhook':
      return webhookExecutor(declared);
    case undefined:
      return undefined;
  }
}
