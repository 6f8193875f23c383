/**
 * The texts at a path such as `models.model_id` of an input, each once; lists are looked through on the way.
 * What is absent, `null` or empty names nothing.
 * @throws Error for anything else than a text or a number: a route that names it so could not be guarded
 */
export function textsAt(input: unknown, path: string): string[] {
  let found: unknown[] = [input];
  for (const name of path.split('.'))
    found = found.flatMap((value) =>
      typeof value === 'object' && value !== null && Object.hasOwn(value, name)
        ? [(value as Record<string, unknown>)[name]].flat(2)
        : [],
    );
  const texts = found.flatMap((value) => {
    if (value === undefined || value === null || value === '') return [];
    if (typeof value === 'string') return [value];
    if (typeof value === 'number') return [String(value)];
    throw new Error(`The input's ${path} is to name something, and is a ${typeof value}.`);
  });
  return [...new Set(texts)];
}
