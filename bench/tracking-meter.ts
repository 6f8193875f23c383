/**
 * The local Cosmos DB emulator with a meter on the wire: a stack that is started with this module as its
 * transport keeps what its requests cost in the file that `CAIRN_BENCH_METER` names.
 */
import { renameSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { createTransport as createLocal, type Transport } from '../local/cosmos/transport.ts';

/** Requests answered, what they cost, and how many were refused for lack of request units. */
export type Reading = {
  readonly requests: number;
  readonly requestUnits: number;
  readonly throttled: number;
};

const everyMs = 50;
const quietMs = 200;

export async function createTransport(
  env: Readonly<Record<string, string | undefined>>,
): Promise<Pick<Transport, 'endpoint' | 'key' | 'httpClient' | 'close'>> {
  const file = env['CAIRN_BENCH_METER'];
  if (file === undefined) throw new Error('CAIRN_BENCH_METER must name a file.');
  const transport = await createLocal(env);
  const meter = { requests: 0, requestUnits: 0, throttled: 0 };
  let written = '';
  const write = () => {
    const text = JSON.stringify(meter);
    if (text === written) return;
    written = text;
    writeFileSync(`${file}.new`, text);
    renameSync(`${file}.new`, file);
  };
  write();
  const timer = setInterval(write, everyMs).unref();
  return {
    endpoint: transport.endpoint,
    key: transport.key,
    httpClient: {
      async sendRequest(request) {
        const response = await transport.httpClient.sendRequest(request);
        meter.requests++;
        meter.requestUnits += Number(response.headers.get('x-ms-request-charge') ?? 0);
        if (response.status === 429) meter.throttled++;
        return response;
      },
    },
    async close() {
      clearInterval(timer);
      await transport.close();
    },
  };
}

/** What the meter shows once nothing is under way any more, or after a while in any case. */
export async function readMeter(file: string, quietSecondsMax = 5): Promise<Reading> {
  let last = '';
  for (const deadline = Date.now() + quietSecondsMax * 1000; Date.now() < deadline; ) {
    const text = await readFile(file, 'utf8');
    if (text === last) break;
    last = text;
    await sleep(quietMs);
  }
  return JSON.parse(last) as Reading;
}

/** What was used from one reading to the next. */
export function between(before: Reading, after: Reading): Reading {
  return {
    requests: after.requests - before.requests,
    requestUnits: after.requestUnits - before.requestUnits,
    throttled: after.throttled - before.throttled,
  };
}
