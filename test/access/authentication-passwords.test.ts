import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createPrincipal, passwordHash, setPassword, verifyPassword } from '../../shared/access/index.ts';
import type { Document } from '../../shared/documents.ts';
import { addPerson, type GuardedServer, guardedServer } from './support.ts';

const path = '/api/v1/session';
const right = 'correct horse battery staple';

let server: GuardedServer;
beforeAll(async () => {
  server = await guardedServer();
});
afterAll(async () => {
  await server.close();
});

/** Each password that is tried takes the processor for a third of a second, by intent. */
const slow = 180_000;

/** An address of its own for each test, so that what one fails at is not counted for another. */
let addresses = 0;
const newAddress = () => `203.0.113.${++addresses}`;

function signIn(user: string, password: string, address = newAddress()) {
  const header = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
  return server.as(header, { 'x-forwarded-for': `198.51.100.1, ${address}:4711` })('GET', path);
}
async function person(name: string, password = right): Promise<void> {
  await createPrincipal(server.ctx, { name, password: await passwordHash(password) });
}

describe('a password', () => {
  test('gets its user in, however the name is cased, and nobody else', async () => {
    await person('Ann');
    expect((await signIn('ann', right)).body).toMatchObject({ principal: { id: 'ann' }, via: 'password' });
    expect((await signIn('ANN', right)).status).toBe(200);
    for (const [user, password] of [
      ['ann', right.toUpperCase()],
      ['ann', `${right} `],
      ['ann', ''],
      ['admin', right],
      ['', right],
    ] as const)
      expect((await signIn(user, password)).status).toBe(401);
  });

  test('may hold colons and letters of any alphabet, in either of their forms', async () => {
    await person('odd', 'пароль: mit Umläuten');
    expect((await signIn('odd', 'пароль: mit Umläuten'.normalize('NFD'))).status).toBe(200);
  });

  test('is kept as a hash of its own, and checked once by an instance', async () => {
    await person('kept');
    const stored = await server.ctx.stores.documents('access').read(['*'], 'principal:kept');
    expect(stored?.doc).toMatchObject({
      password: expect.stringMatching(/^scrypt\$32768\$8\$3\$[\w-]{22}\$[\w-]{43}$/),
    });
    expect(await passwordHash(right)).not.toBe(await passwordHash(right));
    await signIn('kept', right);
    const before = process.cpuUsage().user;
    for (let i = 0; i < 20; i++) expect((await signIn('kept', right)).status).toBe(200);
    const perCall = (process.cpuUsage().user - before) / 20_000;
    expect(perCall).toBeLessThan(40);
  });

  test('that is replaced gets nobody in any more, and does again once it is the password again', async () => {
    await person('moving');
    expect((await signIn('moving', right)).status).toBe(200);
    await setPassword(server.ctx, 'moving', 'another long password');
    expect((await signIn('moving', right)).status).toBe(401);
    expect((await signIn('moving', 'another long password')).status).toBe(200);
    await setPassword(server.ctx, 'moving', right);
    expect((await signIn('moving', right)).status).toBe(200);
    expect(await verifyPassword(server.ctx, 'moving', right)).toBe(true);
    expect(await verifyPassword(server.ctx, 'moving', 'another long password')).toBe(false);
    expect(await verifyPassword(server.ctx, 'nobody', right)).toBe(false);
  });

  test('of a principal that is disabled gets nobody in', async () => {
    const disabled = { at: 0, by: 'tester', reason: 'left' };
    await addPerson(server, 'gone', 'viewer', 'default', { disabled, password: await passwordHash(right) });
    expect((await signIn('gone', right)).status).toBe(401);
  });

  test.each([
    ['too short', 'short pass!'],
    ['too long', 'x'.repeat(1001)],
    ['like a token', 'cairn_0123456789abcdef'],
    ['half of a character', `long enough \ud800 text`],
  ])('that is %s is refused when it is set, and not quoted', async (_what, password) => {
    const refused = await setPassword(server.ctx, 'ann', password).catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: 'invalid', field: 'password' });
    expect(String(refused)).not.toContain(password);
  });

  test('is for users and services known here', async () => {
    await addPerson(server, 'entra:t/o', undefined, 'default', { kind: 'entra' });
    await expect(setPassword(server.ctx, 'entra:t/o', right)).rejects.toMatchObject({ code: 'invalid' });
    await expect(setPassword(server.ctx, 'nobody', right)).rejects.toMatchObject({ code: 'not-found' });
  });
});

describe('trying passwords', () => {
  test(
    'takes as much work for a user that does not exist',
    async () => {
      await person('timed');
      const workOf = async (user: string) => {
        const before = process.cpuUsage();
        for (let i = 0; i < 3; i++) await signIn(user, `wrong ${i} ${user}`);
        const { user: own, system } = process.cpuUsage(before);
        return own + system;
      };
      await workOf('warm-up');
      const ratio = (await workOf('timed')) / (await workOf('not-there'));
      expect(ratio).toBeGreaterThan(0.5);
      expect(ratio).toBeLessThan(2);
    },
    slow,
  );

  test.each(['guessed', 'no-such-user'])(
    'of %s is stopped after ten from whatever address, and by the right one too',
    async (user) => {
      if (user === 'guessed') await person(user);
      for (let i = 0; i < 10; i++) expect((await signIn(user, `guess ${i}`)).status).toBe(401);
      const { status, headers, body } = await signIn(user, right);
      expect([status, body['status']]).toEqual([429, 429]);
      expect(Number(headers.get('retry-after'))).toBeGreaterThan(800);
      expect((await signIn(user.toUpperCase(), 'guess')).status).toBe(429);
    },
    slow,
  );

  test(
    'at once is stopped as well',
    async () => {
      const answers = await Promise.all(
        Array.from({ length: 25 }, async (_, i) => (await signIn('rushed', `guess ${i}`)).status),
      );
      expect(answers.filter((status) => status === 401).length).toBeLessThanOrEqual(10);
      expect(answers.filter((status) => status !== 401 && status !== 429)).toEqual([]);
    },
    slow,
  );

  test(
    'does not shut out who is signed in already',
    async () => {
      await person('patient');
      expect((await signIn('patient', right)).status).toBe(200);
      for (let i = 0; i < 10; i++) await signIn('patient', `guess ${i}`);
      expect((await signIn('patient', 'guess')).status).toBe(429);
      expect((await signIn('patient', right)).status).toBe(200);
    },
    slow,
  );

  test('of many users from one address is stopped, and from another goes on', async () => {
    const address = newAddress();
    const documents = server.ctx.stores.documents('access');
    expect((await signIn('first', 'guess', address)).status).toBe(401);
    // Forty-nine more, without their work.
    const counts = await documents.query<Document & { failures: number }>(
      { text: "SELECT * FROM c WHERE c.type = 'attempts' AND STARTSWITH(c.id, 'attempts:address:')" },
      { key: ['*'], consistency: 'strong' },
    );
    for (const { id } of counts) {
      const stored = await documents.read<Document>(['*'], id);
      const doc = { ...(stored as { doc: Document }).doc, failures: 50 };
      await documents.write(['*'], { op: 'replace', doc, etag: stored?.etag ?? '' });
    }
    expect((await signIn('second', 'guess', address)).status).toBe(429);
    expect((await signIn('second', 'guess')).status).toBe(401);
  });

  test('keeps no name that was given: somebody may have typed a password there', async () => {
    await signIn('my secret by mistake', 'x');
    const rows = await server.ctx.stores
      .documents('access')
      .query({ text: 'SELECT * FROM c' }, { key: ['*'] });
    expect(JSON.stringify(rows)).not.toContain('my secret by mistake');
  });
});
