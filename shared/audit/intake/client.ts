import { createHmac } from 'node:crypto';
import type { Context } from '../../context.ts';
import type { Document } from '../../documents.ts';
import { chainPartition } from '../chain/documents.ts';

type SaltDocument = Document & {
  readonly type: 'audit-salt';
  readonly segment: string;
  readonly salt: string;
};

const salts = new WeakMap<object, Promise<string>>();

/**
 * What stands for a client's address: the same for the same address of this deployment, and nothing that gives the
 * address away to who has the log alone.
 */
export async function clientOf(ctx: Context, address: string): Promise<string> {
  return createHmac('sha256', await saltOf(ctx))
    .update(address)
    .digest('hex')
    .slice(0, 16);
}

function saltOf(ctx: Context): Promise<string> {
  const { documents } = ctx.stores;
  const known = salts.get(documents);
  if (known) return known;
  const salt = readOrMake(ctx);
  salts.set(documents, salt);
  salt.catch(() => salts.delete(documents));
  return salt;
}

async function readOrMake(ctx: Context): Promise<string> {
  const documents = ctx.stores.documents('audit');
  const read = () => documents.read<SaltDocument>([chainPartition], 'salt');
  const found = await read();
  if (found) return found.doc.salt;
  const doc: SaltDocument = {
    id: 'salt',
    type: 'audit-salt',
    v: 1,
    workspace: '*',
    segment: chainPartition,
    salt: ctx.ids.hex(32),
  };
  await documents.write([chainPartition], { op: 'create', doc });
  return (await read())?.doc.salt ?? doc.salt;
}
