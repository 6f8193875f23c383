/** The environment an app reads: what a host adds for as long as it runs. */
import type { Env } from './settings.ts';

/** What is not set yet: a local setting never takes the place of a variable. */
export function missing(values: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(values).filter(([name]) => !process.env[name]));
}

/** Sets variables, and returns what puts back how they were. */
export function setEnv(values: Env): () => void {
  const before = Object.keys(values).map((name) => [name, process.env[name]] as const);
  for (const [name, value] of Object.entries(values)) assignEnv(name, value);
  return () => {
    for (const [name, value] of before) assignEnv(name, value);
  };
}

function assignEnv(name: string, value: string | undefined): void {
  if (value === undefined) delete process.env[name];
  else process.env[name] = value;
}
