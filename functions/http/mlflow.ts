import type * as z from 'zod';
import type { Context } from '../../shared/context.ts';
import { type Method, type Role, type Route, route } from '../../shared/http/index.ts';

/** An MLflow endpoint is served under the clients' prefix and under the one of MLflow's own pages. */
export function mlflowPaths(path: string, version = '2.0'): string[] {
  return [`/api/${version}/${path}`, `/ajax-api/${version}/${path}`];
}

/** One endpoint below `mlflow/` at every path its clients use. */
export function mlflow<S extends z.ZodType>(
  method: Method,
  path: string,
  role: Role,
  options: { input: S; handle: (ctx: Context, input: z.output<S>) => Promise<unknown> },
): Route[] {
  return mlflowPaths(`mlflow/${path}`).map((full) =>
    route(method, full, { operation: path, role, ...options }),
  );
}

/** A map as MLflow's list of `{key, value}`. */
export function pairs(map: Readonly<Record<string, string>>): { key: string; value: string }[] {
  return Object.entries(map).map(([key, value]) => ({ key, value }));
}

/** A list under its name, or nothing where it is empty: as protobuf's JSON leaves empty lists out. */
export function optional<K extends string, T>(name: K, list: readonly T[]): { [key in K]?: readonly T[] } {
  return list.length > 0 ? ({ [name]: list } as { [key in K]?: readonly T[] }) : {};
}
