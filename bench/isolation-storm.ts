/** Storms an endpoint for the seconds that its parent says, and tells what came of it. */
import { once } from 'node:events';
import { type Call, load } from './serving-load.ts';

type Storm = {
  readonly url: string;
  readonly call: Call;
  readonly connections: number;
  readonly seconds: number;
};

const [asked] = (await once(process, 'message')) as [Storm];
process.send?.(await load(asked.url, asked.call, asked.connections, asked.seconds));
process.disconnect();
