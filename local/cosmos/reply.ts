import type { Catalog, Container } from './catalog.ts';
import { CosmosError } from './errors.ts';
import type { Operation } from './faults.ts';
import type { PhysicalRange } from './queries.ts';
import type { Value } from './query/values.ts';
import { HEADER, type WireRequest } from './wire.ts';

/** An answer before the headers that all answers have. */
export type Reply = { status: number; body?: string; headers?: Record<string, string>; charge?: number };

/** What a request asks for. `run` does it. */
export type Route = { operation: Operation; container?: Container; run: () => Reply };

export type RouteInput = {
  request: WireRequest;
  /** The decoded parts of the path. */
  segments: string[];
  origin: string;
  catalog: Catalog;
  ranges: readonly PhysicalRange[];
  nowMs: number;
};

/** A feed of resources, under the name that the protocol gives it. */
export function list(name: string, values: Value[], rid = ''): Reply {
  const reply = json(200, { _rid: rid, [name]: values, _count: values.length });
  return { ...reply, headers: { [HEADER.itemCount]: String(values.length) }, charge: 1 };
}

export function json(status: number, value: object): Reply {
  return { status, body: JSON.stringify(value), charge: 1 };
}

export function wrongMethod({ method, url }: WireRequest): CosmosError {
  return new CosmosError(405, `${method} is not a method of ${url}.`);
}
