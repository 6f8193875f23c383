import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Resolve } from '../../shared/outbound/index.ts';
import { type Answer, post, type Post } from '../../shared/webhooks/post.ts';
import { type Receiver, startReceiver, sure } from './support.ts';

let receiver: Receiver;
let servers: Server[];
beforeEach(async () => {
  receiver = await startReceiver();
  servers = [];
});
afterEach(async () => {
  await receiver.close();
  for (const server of servers) {
    server.close();
    await once(server, 'close');
  }
});

const here: Resolve = () => Promise.resolve([{ address: '127.0.0.1', family: 4 }]);
const nobody: Resolve = () => Promise.reject(Object.assign(new Error('getaddrinfo'), { code: 'ENOTFOUND' }));

function send(asked: Partial<Post>): Promise<Answer> {
  return post({
    url: receiver.url,
    text: '{}',
    headers: {},
    targets: 'any',
    resolve: here,
    millisecondsMax: 2000,
    ...asked,
  });
}

/** A server that does what it is told with each connection; answers its port. */
async function rawServer(onConnection: (socket: Socket) => void): Promise<number> {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    onConnection(socket);
  }).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

describe('the receiver', () => {
  test('is found by its name, once, and told by what name it was called', async () => {
    let asked = 0;
    const port = new URL(receiver.url).port;
    const answer = await send({
      url: `http://hooks.example.test:${port}/a?b=c`,
      resolve: (name) => {
        asked++;
        expect(name).toBe('hooks.example.test');
        return here(name);
      },
    });
    expect(answer).toMatchObject({ outcome: 'answered', status: 200 });
    expect(asked).toBe(1);
    expect(receiver.received).toMatchObject([
      { path: '/a?b=c', text: '{}', headers: { host: `hooks.example.test:${port}`, 'content-length': '2' } },
    ]);
  });

  test('is called by its name in TLS, too, at the address that was checked', async () => {
    const { promise: hello, resolve: heard } = Promise.withResolvers<Buffer>();
    const port = await rawServer((socket) =>
      socket.once('data', (chunk: Buffer) => {
        heard(chunk);
        socket.destroy();
      }),
    );
    const answer = await send({ url: `https://hooks.example.test:${port}/` });
    expect((await hello).includes('hooks.example.test')).toBe(true);
    expect(answer.outcome).toBe('unreachable');
  });

  test('is tried at its other addresses where one does not answer', async () => {
    const port = new URL(receiver.url).port;
    const answer = await send({
      url: `http://hooks.example.test:${port}/`,
      resolve: () =>
        Promise.resolve([
          { address: '127.0.0.2', family: 4 },
          { address: '127.0.0.1', family: 4 },
        ]),
    });
    expect(answer).toMatchObject({ outcome: 'answered', status: 200 });
  });

  test.each([
    ['one private address', ['10.0.0.1']],
    ['loopback', ['127.0.0.1']],
    ['a public and a private address', ['8.8.8.8', '192.168.0.1']],
    ['the metadata service', ['169.254.169.254']],
    ['a mapped address', ['::ffff:127.0.0.1']],
    ['an address in NAT64', ['64:ff9b::7f00:1']],
    ['what is no address', ['localhost']],
  ])('is not connected to where its name resolves to %s', async (_, addresses) => {
    const port = new URL(receiver.url).port;
    const answer = await send({
      url: `https://hooks.example.test:${port}/`,
      targets: 'public',
      resolve: () =>
        Promise.resolve(addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))),
    });
    expect(answer).toEqual({
      outcome: 'forbidden',
      reason: 'the host does not resolve to public addresses only',
    });
    expect(receiver.received).toEqual([]);
  });

  test('is not called without TLS any more where that was permitted once', async () => {
    const url = 'http://hooks.example.test/';
    const answer = await send({
      url,
      targets: 'public',
      resolve: () => Promise.resolve([{ address: '8.8.8.8', family: 4 }]),
    });
    expect(answer).toMatchObject({ outcome: 'forbidden', reason: expect.stringContaining('scheme') });
  });

  test('is not connected to where it is itself a private address, however that is written', async () => {
    let connections = 0;
    const port = await rawServer((socket) => {
      connections++;
      socket.destroy();
    });
    for (const host of ['127.0.0.1', '0x7f.1', '2130706433', '[::ffff:127.0.0.1]', '0177.1', '127.1'])
      expect(
        await send({ url: `https://${host}:${port}/`, targets: 'public', resolve: nobody }),
      ).toMatchObject({
        outcome: 'forbidden',
      });
    expect(connections).toBe(0);
  });
});

describe('an answer', () => {
  test('that redirects is not followed', async () => {
    receiver.reply = () => ({ status: 302, headers: { location: `${receiver.url}/other` } });
    expect(await send({})).toMatchObject({ outcome: 'answered', status: 302 });
    expect(receiver.received).toHaveLength(1);
  });

  test('is read to 4 KB, however long it is', async () => {
    receiver.reply = () => ({ status: 200, body: Buffer.alloc(50_000_000, 'x') });
    expect(await send({})).toMatchObject({ status: 200, body: 'x'.repeat(4096) });
  });

  test('may be bytes that are no text', async () => {
    receiver.reply = () => ({ status: 200, body: Buffer.from([0xff, 0xfe, 0x00]) });
    expect(await send({})).toMatchObject({ outcome: 'answered', status: 200 });
  });

  test('counts by its status where the rest of it does not come', async () => {
    const begin = 'HTTP/1.1 202 Accepted\r\ncontent-length: 100\r\n\r\nbegun';
    const broken = await rawServer((socket) => socket.once('data', () => socket.end(begin)));
    const hanging = await rawServer((socket) => socket.once('data', () => socket.write(begin)));
    for (const port of [broken, hanging])
      expect(await send({ url: `http://127.0.0.1:${port}`, millisecondsMax: 300 })).toMatchObject({
        outcome: 'answered',
        status: 202,
        body: 'begun',
      });
  });

  test('that takes the connection for another protocol is no success, and ends', async () => {
    const reply = 'HTTP/1.1 101 Switching\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n';
    const { promise: closed, resolve: close } = Promise.withResolvers<boolean>();
    const port = await rawServer((socket) => {
      socket.once('close', () => close(true));
      socket.once('data', () => socket.write(reply));
    });
    expect(await send({ url: `http://127.0.0.1:${port}` })).toMatchObject({
      outcome: 'answered',
      status: 101,
    });
    expect(await closed).toBe(true);
  });

  test.each<[string, (socket: Socket) => void, string]>([
    ['nothing', () => {}, 'no answer within 0.3 s'],
    ['an end', (socket) => socket.end(), 'the connection was closed before an answer came'],
    ['no HTTP', (socket) => socket.end('SSH-2.0-x\r\n\r\n'), 'it did not answer in HTTP'],
    ['a header a minute', (socket) => socket.write('HTTP/1.1 200 OK\r\nx: '), 'no answer within 0.3 s'],
    [
      'headers without end',
      (socket) => socket.write(`HTTP/1.1 200 OK\r\nx: ${'y'.repeat(100_000)}`),
      'it did not answer in HTTP',
    ],
  ])('that is %s is no answer', async (_, reply, reason) => {
    const port = await rawServer((socket) => socket.once('data', () => reply(socket)));
    expect(await send({ url: `http://127.0.0.1:${port}`, millisecondsMax: 300 })).toEqual({
      outcome: 'unreachable',
      reason,
      ...(reason.startsWith('no answer') ? { waited: true } : {}),
    });
  });

  test('does not come of a name that nobody knows, or that nobody answers for', async () => {
    const url = 'http://hooks.example.test/';
    expect(await send({ url, resolve: nobody })).toEqual({
      outcome: 'unreachable',
      reason: 'the host name is not known',
    });
    expect(await send({ url, resolve: () => Promise.resolve([]) })).toMatchObject({ outcome: 'unreachable' });
    expect(await send({ url, resolve: () => new Promise(() => {}), millisecondsMax: 200 })).toEqual({
      outcome: 'unreachable',
      reason: 'no answer within 0.2 s',
      waited: true,
    });
  });

  test('that fails is told without an address', async () => {
    const port = await rawServer((socket) => socket.resetAndDestroy());
    await new Promise((done) => sure(servers.pop()).close(done));
    for (const url of [
      `http://127.0.0.1:${port}`,
      `http://hooks.example.test:${port}`,
      'http://hooks.example.test:1',
    ])
      expect(JSON.stringify(await send({ url }))).not.toMatch(/127\.0\.0\.1|example|:\d{2}/);
  });
});
