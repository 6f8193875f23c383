import type { Stored } from '../documents.ts';
import { lost, swap } from '../swap.ts';
import { inTurns } from '../turns.ts';
import type { Account, UsagePort } from './accounts.ts';
import { add, nothingUsed, quantities, type UsageDocument, usageId, type Used } from './model.ts';
import { addStored } from './storage.ts';

const writtenAtOnce = 4;
const minuteMilliseconds = 60_000;

/** Adds what stands in the accounts to their documents, and takes it off them. Returns those that were written. */
export async function flush(port: UsagePort, accounts: readonly Account[]): Promise<Account[]> {
  const due = accounts.filter((account) => quantities.some((quantity) => account[quantity] !== 0));
  const bytes = new Map<string, number>();
  await inTurns(due, writtenAtOnce, async (account) => {
    const taken = nothingUsed();
    add(taken, account);
    const doc = await write(port, account, taken);
    add(account, taken, -1);
    note(account, taken, doc, port.clock.now());
    bytes.set(account.workspace, (bytes.get(account.workspace) ?? 0) + taken.storedBytes);
  });
  for (const [workspace, change] of bytes) if (change !== 0) await addStored(port, workspace, change);
  return due;
}

async function write(port: UsagePort, account: Account, taken: Used): Promise<Stored<UsageDocument>> {
  const { workspace, month, principal } = account;
  const key = [workspace, month];
  const documents = port.stores.documents('usage');
  let before: Stored<UsageDocument> | undefined = account.known;
  return swap(port, `The usage of '${workspace}'`, async () => {
    before ??= await documents.read<UsageDocument>(key, usageId(principal.id));
    const sum = nothingUsed();
    if (before) add(sum, before.doc);
    add(sum, taken);
    const doc: UsageDocument = {
      id: usageId(principal.id),
      type: 'usage',
      v: 1,
      workspace,
      month,
      principalId: principal.id,
      principalName: principal.name,
      ...sum,
      updatedAt: port.clock.now(),
    };
    const result = await documents.write(
      key,
      before ? { op: 'replace', doc, etag: before.etag } : { op: 'create', doc },
    );
    before = undefined;
    return result.outcome === 'applied' ? { doc, etag: result.etags[0] ?? '' } : lost;
  });
}

/** What other instances wrote since this one did tells how many calls they let in. */
function note(account: Account, taken: Used, stored: Stored<UsageDocument>, now: number): void {
  const { known } = account;
  account.known = { ...stored, at: now };
  if (!known || now <= known.at) return;
  const minutes = (now - known.at) / minuteMilliseconds;
  account.minePerMinute = taken.calls / minutes;
  account.othersPerMinute = Math.max(0, stored.doc.calls - known.doc.calls - taken.calls) / minutes;
}
