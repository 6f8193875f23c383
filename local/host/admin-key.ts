/** The one key of the host's own endpoints. */
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { HostError, messageOf } from './errors.ts';

/**
 * @param given a key that was chosen by whoever starts the host.
 * @param file keeps a generated key between runs, readable by its owner only.
 */
export function chooseAdminKey(given: string | undefined, file: string | undefined): string {
  if (given) return given;
  if (file === undefined) return randomBytes(32).toString('base64url');
  if (existsSync(file)) return readFileSync(file, 'utf8').trim();
  const key = randomBytes(32).toString('base64url');
  try {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, `${key}\n`, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    throw new HostError(`The admin key cannot be kept in ${file}: ${messageOf(error)}`);
  }
  return key;
}
