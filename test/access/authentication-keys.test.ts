import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { identify } from '../../shared/access/index.ts';
import type { Context } from '../../shared/context.ts';
import { type TestContext, testContext } from '../support/context.ts';
import { newKey, openIssuer, signed, type SigningKey, type TestIssuer } from './issuer.ts';

const tenant = '11111111-2222-3333-4444-555555555555';
const clientId = '66666666-7777-8888-9999-aaaaaaaaaaaa';

let stores: TestContext;
let issuer: TestIssuer;
let now: number;
/** An instance that has not asked the issuer yet. */
let ctx: Context;
const lines: string[] = [];

beforeAll(async () => {
  stores = await testContext();
});
afterAll(async () => {
  await stores.close();
});
beforeEach(async () => {
  issuer = await openIssuer();
  now = Date.now();
  lines.length = 0;
  const { documents } = stores.ctx.stores;
  const note = (line: string) => lines.push(line);
  ctx = {
    ...stores.ctx,
    // What an instance knows hangs on its connection.
    stores: { ...stores.ctx.stores, documents: Object.assign((name: never) => documents(name), documents) },
    clock: { now: () => now },
    log: { info: note, warn: note, error: note },
    settings: { ...stores.ctx.settings, entra: { authority: issuer.url, tenant, clientId } },
  };
});
afterEach(() => {
  issuer.close();
});

let tokens = 0;
const token = (key: SigningKey = issuer.key()) =>
  signed(key, {
    iss: `${issuer.url}/${tenant}/v2.0`,
    aud: clientId,
    tid: tenant,
    oid: 'bbbbbbbb-cccc-dddd-eeee-ffffffffffff',
    ver: '2.0',
    uti: ++tokens,
    iat: now / 1000,
    exp: now / 1000 + 3600 * 48,
  });
const outcome = async (text: string): Promise<string> =>
  identify(ctx, { authorization: `Bearer ${text}`, address: 'here' }).then(
    ({ via }) => via,
    (error: { code?: string }) => error.code ?? String(error),
  );
const seconds = (count: number) => (now += count * 1000);

test('the keys are asked for once by however many need them first, and not again while they are fresh', async () => {
  const many = await Promise.all(Array.from({ length: 20 }, async () => outcome(await token())));
  expect(new Set(many)).toEqual(new Set(['entra']));
  seconds(599);
  expect(await outcome(await token())).toBe('entra');
  expect(issuer.asked).toEqual({ configuration: 1, keys: 1 });
  seconds(2);
  expect(await outcome(await token())).toBe('entra');
  expect(issuer.asked).toEqual({ configuration: 2, keys: 2 });
});

test('a token that was verified is not verified again, until it ends', async () => {
  const text = await token();
  expect(await outcome(text)).toBe('entra');
  issuer.mood = 'down';
  await issuer.rotate();
  seconds(3600 * 47);
  expect(await outcome(text)).toBe('entra');
  expect(issuer.asked.keys).toBe(1);
  seconds(3700);
  expect(await outcome(text)).toBe('unauthenticated');
});

test('a flood of unknown keys is not one of requests to the issuer', async () => {
  expect(await outcome(await token())).toBe('entra');
  const unknown = await newKey();
  for (let i = 0; i < 60; i++) {
    const key = { ...unknown, kid: `unknown-${i}` };
    expect(await outcome(await token(key))).toBe('unauthenticated');
    seconds(1);
  }
  expect(issuer.asked.keys).toBeLessThanOrEqual(3);
  expect(await outcome(await token())).toBe('entra');
});

test('a new key of the issuer is found when it is first used, once the cooldown is over', async () => {
  expect(await outcome(await token())).toBe('entra');
  const old = issuer.key();
  await issuer.rotate();
  expect(await outcome(await token())).toBe('unauthenticated');
  seconds(31);
  expect(await outcome(await token())).toBe('entra');
  expect(await outcome(await token(old))).toBe('unauthenticated');
});

test.each(['down', 'endless', 'elsewhere', 'garbled'] as const)(
  'while the issuer is %s nobody gets in by a key that is not known, and those known go on',
  async (mood) => {
    issuer.mood = mood;
    expect(await outcome(await token())).toBe('unavailable');
    issuer.mood = 'well';
    seconds(31);
    expect(await outcome(await token())).toBe('entra');
    issuer.mood = mood;
    seconds(700);
    expect(await outcome(await token())).toBe('entra');
    expect(await outcome(await token(await newKey()))).toBe('unavailable');
    expect(lines.filter((line) => line === 'the keys of an issuer could not be read')).toHaveLength(2);
    seconds(86_400);
    expect(await outcome(await token())).toBe('unavailable');
  },
);

test('groups that did not fit into a token are told of in the log', async () => {
  const text = await signed(issuer.key(), {
    iss: `${issuer.url}/${tenant}/v2.0`,
    aud: clientId,
    tid: tenant,
    oid: 'bbbbbbbb-cccc-dddd-eeee-ffffffffffff',
    ver: '2.0',
    iat: now / 1000,
    exp: now / 1000 + 3600,
    _claim_names: { groups: 'src1' },
  });
  expect(await outcome(text)).toBe('entra');
  expect(lines).toEqual([
    'the groups of a caller are left out of their token, which has no room for so many',
  ]);
});

test('an issuer that does not answer is waited for some seconds only', async () => {
  issuer.mood = 'slow';
  expect(await outcome(await token())).toBe('unavailable');
}, 15_000);
