import * as z from 'zod';
import type { Context } from '../../shared/context.ts';
import {
  type Call,
  fields,
  type Method,
  type Page,
  type Route,
  type RouteRole,
  route,
  type Scope,
} from '../../shared/http/index.ts';

/** An MLflow endpoint is served under the clients' prefix and under the one of MLflow's own pages. */
export function mlflowPaths(path: string, version = '2.0'): string[] {
  return [`/api/${version}/${path}`, `/ajax-api/${version}/${path}`];
}

type MlflowOptions<S extends z.ZodType> = {
  scope?: Scope;
  input: S;
  bodyBytesMax?: number;
  handle: (ctx: Context, input: z.output<S>, call: Call) => Promise<unknown>;
};

/** One endpoint below `mlflow/` at every path its clients use. Where `handle` gives nothing the answer is `{}`. */
export function mlflow<S extends z.ZodType>(
  method: Method,
  path: string,
  role: RouteRole,
  options: MlflowOptions<S>,
): Route[] {
  return mlflowAt('2.0', method, path, role, options);
}

/** The same in another version of the protocol. */
export function mlflowAt<S extends z.ZodType>(
  version: string,
  method: Method,
  path: string,
  role: RouteRole,
  options: MlflowOptions<S>,
): Route[] {
  const handle = async (ctx: Context, input: z.output<S>, call: Call) =>
    (await options.handle(ctx, input, call)) ?? {};
  return mlflowPaths(`mlflow/${path}`, version).map((full) =>
    route(method, full, { operation: path, role, nullIsAbsent: true, ...options, handle }),
  );
}

/** A tag or a param; the value may be left out. */
export const keyValue = z.object({ key: fields.requiredText, value: fields.text.default('') });

/** What every search of MLflow's takes beside its own fields; one clause of a query string is not a list yet. */
export const search = {
  filter: fields.text.optional(),
  order_by: z
    .union([fields.text.transform((clause) => [clause]), z.array(fields.text)], {
      error: 'must be a list of texts',
    })
    .default([]),
  page_token: fields.text.optional(),
};

/** The token of a page that is not the last. */
export function nextPage({ nextToken }: Page<unknown>): { next_page_token?: string } {
  return nextToken === undefined ? {} : { next_page_token: nextToken };
}

/** A map as MLflow's list of `{key, value}`. */
export function pairs(map: Readonly<Record<string, string>>): { key: string; value: string }[] {
  return Object.entries(map).map(([key, value]) => ({ key, value }));
}

/** A list under its name, or nothing where it is empty: as protobuf's JSON leaves empty lists out. */
export function optional<K extends string, T>(name: K, list: readonly T[]): { [key in K]?: readonly T[] } {
  return list.length > 0 ? ({ [name]: list } as { [key in K]?: readonly T[] }) : {};
}
