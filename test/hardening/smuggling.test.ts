import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Host, startHost } from '../../local/host/index.ts';
import { fixture, letGo, listenToFixture, type Reports } from '../host/reports.ts';

/** Requests that two servers in a row could read as different ones: none is answered as two, nor as another. */

let host: Host;
let reports: Reports;
const logged: string[] = [];
beforeAll(async () => {
  reports = listenToFixture();
  host = await startHost({
    appDir: fixture('http'),
    port: 0,
    log: ({ message }) => void logged.push(message),
  });
});
afterAll(async () => {
  letGo();
  await host.stop();
  reports.close();
});

/** Status lines of all answers to what is sent down one connection. */
async function statuses(text: string): Promise<string[]> {
  const socket = connect(host.port, '127.0.0.1');
  await once(socket, 'connect');
  socket.end(Buffer.from(text, 'latin1'));
  let answer = '';
  socket.on('data', (chunk: Buffer) => {
    answer += chunk.toString('latin1');
  });
  // A server that has refused reads no further.
  socket.on('error', () => undefined);
  await new Promise((resolve) => socket.once('close', resolve));
  return [...answer.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => status ?? '');
}

const lines = (...given: string[]) => `${given.join('\r\n')}\r\n`;
const smuggled = lines('GET /getOnly HTTP/1.1', 'Host: a', 'Connection: close', '');
const post = (...headers: string[]) => lines('POST /count HTTP/1.1', 'Host: a', ...headers, '');

describe('a connection', () => {
  test('of two plain requests is answered twice, so that these tests would see a second answer', async () => {
    const first = lines('GET /getOnly HTTP/1.1', 'Host: a', '');
    expect(await statuses(first + smuggled)).toEqual(['200', '200']);
  });

  test.each([
    ['two lengths that differ', post('Content-Length: 0', 'Content-Length: 60')],
    ['two lengths in one line', post('Content-Length: 0, 60')],
    ['a length with a sign', post('Content-Length: +0')],
    ['a length that is no number', post('Content-Length: 0x3c')],
    ['a length and chunks', post('Content-Length: 6', 'Transfer-Encoding: chunked') + lines('0', '')],
    ['chunks and a length', post('Transfer-Encoding: chunked', 'Content-Length: 6') + lines('0', '')],
    [
      'chunks named twice',
      post('Transfer-Encoding: chunked', 'Transfer-Encoding: identity') + lines('0', ''),
    ],
    ['chunks that are not last', post('Transfer-Encoding: chunked, identity') + lines('0', '')],
    ['chunks under another name', post('Transfer-Encoding: xchunked') + lines('0', '')],
    ['chunks behind a tab and a letter', post('Transfer-Encoding:\tx chunked') + lines('0', '')],
    ['a space before the colon', post('Transfer-Encoding : chunked', 'Content-Length: 0')],
    ['a folded line', post('Content-Length: 0', 'X: a', ' Transfer-Encoding: chunked')],
    ['a line feed alone', 'POST /count HTTP/1.1\nHost: a\nTransfer-Encoding: chunked\nContent-Length: 0\n\n'],
    ['a return alone', post('Content-Length: 0\rTransfer-Encoding: chunked')],
    ['a NUL in a header', post('X: a\0b', 'Content-Length: 0')],
    ['a name with a NUL', post('Content\0-Length: 0')],
    [
      'a chunk size that overflows',
      post('Transfer-Encoding: chunked') + lines('10000000000000000', 'a', '0', ''),
    ],
    ['a chunk size with a sign', post('Transfer-Encoding: chunked') + lines('-1', 'a', '0', '')],
    ['no host', lines('POST /count HTTP/1.1', 'Content-Length: 0', '')],
    ['two hosts', lines('POST /count HTTP/1.1', 'Host: a', 'Host: b', 'Content-Length: 0', '')],
  ])('with %s is refused, and nothing behind it is answered', async (_, request) => {
    const answers = await statuses(request + smuggled);
    expect(answers.length).toBeLessThanOrEqual(1);
    expect(answers.filter((status) => !status.startsWith('4'))).toEqual([]);
  });

  test('whose body says a request does not make one of it', async () => {
    const body = smuggled;
    expect(await statuses(post(`Content-Length: ${body.length}`, 'Connection: close') + body)).toHaveLength(
      1,
    );
  });

  test('with more headers, or longer ones, than anybody needs is refused', async () => {
    const many = Array.from({ length: 4000 }, (_, i) => `X-${i}: ${'a'.repeat(20)}`);
    expect(
      await statuses(lines('GET /getOnly HTTP/1.1', 'Host: a', ...many, 'Connection: close', '')),
    ).toEqual(['431']);
    expect(
      await statuses(
        lines('GET /getOnly HTTP/1.1', 'Host: a', `X: ${'a'.repeat(100_000)}`, 'Connection: close', ''),
      ),
    ).toEqual(['431']);
  });

  test('that asks to become another protocol stays what it is', async () => {
    const upgrade = lines(
      'GET /getOnly HTTP/1.1',
      'Host: a',
      'Connection: Upgrade, close',
      'Upgrade: h2c',
      '',
    );
    expect(await statuses(upgrade)).toEqual(['200']);
    expect(
      (await statuses(lines('CONNECT elsewhere:443 HTTP/1.1', 'Host: elsewhere:443', ''))).join(),
    ).not.toBe('200');
  });
});
