import { expect, test } from 'vitest';
import { challengeOf, claimsOf, randomText } from './pkce.ts';

test('a challenge is the one that RFC 7636 gives for its verifier', async () => {
  expect(await challengeOf('dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk')).toBe(
    'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
  );
});

test('random texts are verifiers by RFC 7636, and no two are the same', () => {
  const texts = Array.from({ length: 100 }, randomText);
  for (const text of texts) expect(text).toMatch(/^[\w-]{43}$/);
  expect(new Set(texts).size).toBe(100);
});

test('claims are read as UTF-8', () => {
  const payload = Buffer.from(JSON.stringify({ name: 'Zoë Ångström ✓', nonce: 'n' })).toString('base64url');
  expect(claimsOf(`e30.${payload}.x`)).toEqual({ name: 'Zoë Ångström ✓', nonce: 'n' });
});
