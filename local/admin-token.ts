/** The token by which the first admin signs in to a stack on this machine. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { newToken, tokenHash, tokenIdIn } from '../shared/access/tokens/text.ts';
import { randomIds } from '../shared/context.ts';
import { StackError } from './stack-error.ts';

export type AdminToken = { readonly file: string; readonly text: string; readonly hash: string };

/** The token of a data folder: made with the first start that asks for one, and readable by its owner only. */
export function adminToken(data: string): AdminToken {
  const file = join(data, 'admin-token');
  if (!existsSync(file)) writeFileSync(file, `${newToken(randomIds).text}\n`, { mode: 0o600, flag: 'wx' });
  const text = readFileSync(file, 'utf8').trim();
  if (tokenIdIn(text) === undefined)
    throw new StackError(`${file} holds no token; remove it, and the next start makes a new one.`);
  return { file, text, hash: tokenHash(text) };
}
