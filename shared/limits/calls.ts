import { accessOf, accessState, defaultWorkspace, type Identity } from '../access/index.ts';
import type { Context } from '../context.ts';
import { CairnError } from '../http/index.ts';
import { chargeTo, type Ledger } from '../ledger.ts';
import { accountOf, type UsagePort } from '../usage/index.ts';
import { takeCall } from './rate.ts';

type Port = UsagePort & Pick<Context, 'settings'>;

/**
 * Enters a call in the account of who makes it, and refuses it with `too-many` where they make more in the workspace
 * each minute than it allows. Nobody is counted who does not sign in. Warm, it asks no store. A workspace that does
 * not exist, or in which they hold no role, counts as the default one: guessing names is limited, and told nothing.
 */
export async function enterCall(
  port: Port,
  identity: Identity,
  workspace: string,
  ledger: Ledger,
): Promise<void> {
  if (identity.kind === 'nobody') return;
  if (identity.via === 'open') {
    const account = accountOf(port, workspace, identity.principal);
    account.calls++;
    chargeTo(ledger, account);
    return;
  }
  const state = await accessState(port);
  const { isMember } = accessOf(identity, state, workspace, port.settings, port.clock.now());
  const found = isMember ? state.workspaces.get(workspace) : undefined;
  const where = found ? workspace : defaultWorkspace;
  const perMinute = found?.limits?.callsPerMinute ?? port.settings.callsPerMinute;
  const account = accountOf(port, where, identity.principal);
  chargeTo(ledger, account);
  const wait = takeCall(account, perMinute, port.clock.now());
  if (wait === 0) {
    account.calls++;
    return;
  }
  account.refusedCalls++;
  const seconds = Math.ceil(wait / 1000);
  throw new CairnError(
    'too-many',
    `The limit is ${perMinute} calls a minute for each principal in workspace '${where}', and '${identity.principal.name}' makes more. ` +
      `The next call is let in after ${seconds} s; an admin of the deployment can raise the workspace's limit calls_per_minute.`,
    { retryAfterSeconds: seconds },
  );
}
