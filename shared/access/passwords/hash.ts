import { randomBytes, scrypt, type ScryptOptions, timingSafeEqual } from 'node:crypto';
import { CairnError } from '../../http/index.ts';
import { tokenPrefix } from '../tokens/text.ts';

const charsMin = 12;
const charsMax = 1000;
const hashBytes = 32;

/** 32 MB and three passes of them: https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html#scrypt */
const cost = { N: 2 ** 15, r: 8, p: 3 } as const;

/** Each takes {@link cost}'s memory; what waits takes none, but nobody waits for long. */
const atOnceMax = 2;
const waitingMax = 32;
let running = 0;
const waiting: (() => void)[] = [];

/**
 * What is kept of a password: `scrypt$N$r$p$salt$hash`, salt and hash in base64url. Throws `invalid` for one that
 * is too short or too long, or that begins as tokens do, and `unavailable` while too many are at work.
 */
export async function passwordHash(password: string): Promise<string> {
  checkPassword(password);
  const salt = randomBytes(16);
  const hash = await derived(password, salt, cost);
  return `scrypt$${cost.N}$${cost.r}$${cost.p}$${salt.toString('base64url')}$${hash.toString('base64url')}`;
}

/**
 * Whether a password is the one that `kept` is of. Without `kept` it takes as long, so that nobody learns from
 * the time who has a password. Throws `unavailable` while too many are at work.
 */
export async function isPassword(password: string, kept: string | undefined): Promise<boolean> {
  const { salt, hash, ...costOfKept } = parsed(kept) ?? noPassword;
  // What is longer was never set, and would only make the work longer.
  const found = await derived(password.slice(0, charsMax + 1), salt, costOfKept);
  return timingSafeEqual(found, hash) && kept !== undefined;
}

type Kept = { N: number; r: number; p: number; salt: Buffer; hash: Buffer };

/** In place of the password of whoever has none. */
const noPassword: Kept = { ...cost, salt: randomBytes(16), hash: randomBytes(hashBytes) };

function checkPassword(password: string): void {
  const fails = (why: string) => new CairnError('invalid', `The password ${why}.`, { field: 'password' });
  if (password.length < charsMin) throw fails(`must have at least ${charsMin} characters`);
  if (password.length > charsMax) throw fails(`must have at most ${charsMax} characters`);
  if (!password.isWellFormed()) throw fails('holds half of a surrogate pair');
  if (password.startsWith(tokenPrefix)) throw fails(`must not begin with '${tokenPrefix}', as tokens do`);
}

function parsed(kept: string | undefined): Kept | undefined {
  const [scheme, N, r, p, salt = '', hash = ''] = kept?.split('$') ?? [];
  if (scheme !== 'scrypt') return undefined;
  return {
    N: Number(N),
    r: Number(r),
    p: Number(p),
    salt: Buffer.from(salt, 'base64url'),
    hash: Buffer.from(hash, 'base64url'),
  };
}

/** At most {@link atOnceMax} at a time. */
async function derived(
  password: string,
  salt: Buffer,
  { N, r, p }: Pick<Kept, 'N' | 'r' | 'p'>,
): Promise<Buffer> {
  if (running >= atOnceMax) {
    if (waiting.length >= waitingMax)
      throw new CairnError('unavailable', 'Too many passwords are being checked; try again shortly.', {
        retryAfterSeconds: 2,
      });
    await new Promise<void>((go) => waiting.push(go));
  } else running++;
  try {
    return await slowHash(password.normalize('NFC'), salt, { N, r, p, maxmem: 256 * N * r });
  } finally {
    const next = waiting.shift();
    if (next) next();
    else running--;
  }
}

function slowHash(password: string, salt: Buffer, options: ScryptOptions): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(password, salt, hashBytes, options, (error, key) => (error ? reject(error) : resolve(key)));
  });
}
