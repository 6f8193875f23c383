import { randomFillSync, randomUUID } from 'node:crypto';
import type { Access } from './access/index.ts';
import type { Stores } from './azure/index.ts';
import type { Settings } from './settings.ts';

/** Who asks. `id` is stable for one person or service; `name` is for people to read. */
export type Principal = { readonly id: string; readonly name: string };

export type Clock = { now(): number };

/** Identifiers and randomness, a port so that tests can fix them. */
export type Ids = {
  /** `bytes` random bytes as lower-case hex. */
  hex(bytes: number): string;
  uuid(): string;
  /** A uniform number in [0, 1). */
  random(): number;
};

export type LogFields = Readonly<Record<string, string | number | boolean | null | undefined>>;
export type Log = {
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
};

/** What every verb takes first: who asks, where, under which request, and the ports to the world. */
export type Context = {
  readonly principal: Principal;
  readonly workspace: string;
  /** What the principal may do in the workspace. */
  readonly access: Access;
  readonly requestId: string;
  /** Why they ask, in their own words, where they say so: events of what they change carry it. */
  readonly reason?: string;
  /** W3C trace context (`traceparent`), carried from HTTP into every queue message. */
  readonly trace: string;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
  readonly stores: Stores;
  readonly settings: Settings;
};

export const systemClock: Clock = { now: () => Date.now() };

export const randomIds: Ids = {
  hex: randomHex,
  uuid: () => randomUUID(),
  random: () => Math.random(),
};

const pool = Buffer.alloc(4096);
let drawn = pool.length;

/** Random bytes are asked of the system by the page: one call for each id takes longer than all else about it. */
function randomHex(bytes: number): string {
  if (drawn + bytes > pool.length) {
    if (bytes > pool.length) return randomFillSync(Buffer.alloc(bytes)).toString('hex');
    randomFillSync(pool);
    drawn = 0;
  }
  const hex = pool.toString('hex', drawn, drawn + bytes);
  // What was given out is nowhere else.
  pool.fill(0, drawn, (drawn += bytes));
  return hex;
}

/** The principal of work that a timer started, not a person. */
export const platform: Principal = { id: 'cairn', name: 'Cairn' };
