import { describe, expect, test } from 'vitest';
import fc from 'fast-check';
import { CairnError } from '../http/index.ts';
import { checkTarget, isPublicAddress } from './target.ts';

const refused = async (url: string, targets: 'public' | 'any' = 'public') =>
  checkTarget(url, targets, 'Webhook URL', 'url').then(
    () => undefined,
    (error: unknown) => (error instanceof CairnError ? error : Promise.reject(error)),
  );

const anyText = fc.array(fc.nat(0xffff)).map((units) => String.fromCharCode(...units));

describe('the URL of a receiver', () => {
  test.each([
    'https://hooks.example.com',
    'https://hooks.example.com:8443/a/b?token=x#y',
    'HTTPS://Hooks.Example.com/',
    'https://bücher.example/hook',
    'https://8.8.8.8/hook',
    'https://[2606:4700:4700::1111]/hook',
  ])('may be %s', async (url) => expect(await refused(url)).toBeUndefined());

  test.each([
    ['an empty one', '  '],
    ['plain http', 'http://hooks.example.com'],
    ['another scheme', 'ftp://hooks.example.com'],
    ['no scheme', '//hooks.example.com'],
    ['no host', 'https:///hook'],
    ['a single slash', 'https:/hooks.example.com'],
    ['a backslash', 'https:\\\\127.0.0.1\\hook'],
    ['a hidden newline', 'https://hooks.exam\nple.com'],
    ['a space before', ' https://hooks.example.com'],
    ['a bad port', 'https://hooks.example.com:99999'],
    ['credentials', 'https://user:pass@hooks.example.com'],
    ['a user', 'https://user@hooks.example.com'],
    ['too long a text', `https://hooks.example.com/${'a'.repeat(2048)}`],
    ['localhost', 'https://localhost/hook'],
    ['localhost with a dot', 'https://LocalHost.:8080/hook'],
    ['a name below localhost', 'https://api.localhost/hook'],
    ['loopback', 'https://127.0.0.1/hook'],
    ['loopback in hexadecimal', 'https://0x7f.1/hook'],
    ['loopback in octal', 'https://0177.0.0.1/hook'],
    ['loopback as one number', 'https://2130706433/hook'],
    ['loopback with a dot', 'https://127.0.0.1./hook'],
    ['loopback in wide digits', 'https://１２７.0.0.1/hook'],
    ['loopback percent-encoded', 'https://%31%32%37.0.0.1/hook'],
    ['no address', 'https://0/hook'],
    ['loopback of IPv6', 'https://[::1]/hook'],
    ['mapped loopback', 'https://[::ffff:127.0.0.1]/hook'],
    ['the metadata service', 'https://169.254.169.254/metadata'],
    ['a private network', 'https://10.1.2.3/hook'],
  ])('may not be %s', async (_, url) => expect((await refused(url))?.code).toBe('invalid'));

  test('a refusal repeats no secret of it', async () => {
    for (const url of [
      'https://user:hush@example.com',
      'http://e.com/hush',
      'https://127.0.0.1/hush',
      'https:///hush',
    ])
      expect((await refused(url))?.message).not.toContain('hush');
  });

  test('on a laptop it may be anywhere, but must be a URL of http without credentials', async () => {
    expect(await refused('http://127.0.0.1:9000/hook', 'any')).toBeUndefined();
    expect(await refused('http://localhost/hook', 'any')).toBeUndefined();
    expect((await refused('file:///etc/passwd', 'any'))?.code).toBe('invalid');
    expect((await refused('http://a:b@127.0.0.1', 'any'))?.code).toBe('invalid');
  });

  test('any text is taken or refused in words', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          anyText,
          fc.string().map((s) => `https://${s}`),
        ),
        async (url) => {
          expect([undefined, 'invalid']).toContain((await refused(url))?.code);
        },
      ),
      { numRuns: process.env['CAIRN_TEST'] === 'long' ? 1000 : 50 },
    );
  });
});

describe('an address is public', () => {
  test.each([
    '8.8.8.8',
    '1.1.1.1',
    '2606:4700:4700::1111',
    '::ffff:8.8.8.8',
    '64:ff9b::808:808',
    '2002:808:808::1',
  ])('if it is %s', async (address) => expect(await isPublicAddress(address)).toBe(true));

  test.each([
    ['0.0.0.0', 'unspecified'],
    ['10.0.0.1', 'private'],
    ['172.16.0.1', 'private'],
    ['172.31.255.255', 'private'],
    ['192.168.1.1', 'private'],
    ['100.64.0.1', 'carrier-grade NAT'],
    ['127.0.0.53', 'loopback'],
    ['169.254.169.254', 'link-local'],
    ['168.63.129.16', "Azure's platform"],
    ['192.0.2.1', 'documentation'],
    ['198.18.0.1', 'benchmarks'],
    ['224.0.0.1', 'multicast'],
    ['255.255.255.255', 'broadcast'],
    ['240.0.0.1', 'reserved'],
    ['::', 'unspecified'],
    ['::1', 'loopback'],
    ['::7f00:1', 'IPv4-compatible'],
    ['fe80::1', 'link-local'],
    ['fe80::1%eth0', 'link-local with a zone'],
    ['fd00:ec2::254', 'unique local'],
    ['fec0::1', 'site-local'],
    ['ff02::1', 'multicast'],
    ['2001:db8::1', 'documentation'],
    ['2001::1', 'Teredo'],
    ['::ffff:127.0.0.1', 'mapped loopback'],
    ['::ffff:a9fe:a9fe', 'mapped link-local'],
    ['::ffff:0:127.0.0.1', 'translated loopback'],
    ['64:ff9b::7f00:1', 'NAT64 of loopback'],
    ['64:ff9b::a9fe:a9fe', 'NAT64 of link-local'],
    ['64:ff9b::a83f:8110', "NAT64 of Azure's platform"],
    ['64:ff9b:1::808:808', 'NAT64 of a network of its own'],
    ['2002:7f00:1::', '6to4 of loopback'],
    ['2002:a9fe:a9fe::1', '6to4 of link-local'],
    ['4000::1', 'not handed out'],
    ['localhost', 'no address'],
    ['', 'no address'],
  ])('not if it is %s (%s)', async (address) => expect(await isPublicAddress(address)).toBe(false));

  test('only if the IPv4 address in it is', async () => {
    await fc.assert(
      fc.asyncProperty(fc.ipV4(), async (v4) => {
        const expected = await isPublicAddress(v4);
        expect(await isPublicAddress(`::ffff:${v4}`)).toBe(expected);
        expect(await isPublicAddress(`64:ff9b::${v4}`)).toBe(expected);
      }),
    );
  });
});
