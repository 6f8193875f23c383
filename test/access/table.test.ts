import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { perform } from '../../functions/http/guard.ts';
import { surfaces } from '../../functions/http/surfaces.ts';
import { covers, nobody, type ResourceType, type Role } from '../../shared/access/index.ts';
import { isCode, type Route } from '../../shared/http/index.ts';
import { type TestServer, testServer } from '../support/server.ts';
import { type Cell, cellsOf, type Held, pairsOf } from './cells.ts';
import { type Entry, entries, entryOf, type Input, resourceOf, type Things } from './routes.ts';
import { requestOf } from './requests.ts';
import { makeThings } from './things.ts';

const routes = surfaces.flatMap((surface) => surface.routes);
const listed = routes.map((route) => ({
  route,
  title: `${route.method} ${route.path}`,
  entry: entryOf(route),
}));

let server: TestServer;
let mine: Things;
let other: Things;
beforeAll(async () => {
  server = await testServer();
  mine = await makeThings(server, 'mine');
  other = await makeThings(server, 'other');
});
afterAll(() => server.close());

type Outcome = 'let through' | 'forbidden' | 'not-found';

/** What becomes of a call: its handler only notes that it was reached. */
async function outcomeOf(route: Route, { access }: Cell, input: Input): Promise<Outcome> {
  const reached: Outcome[] = [];
  const recording: Route = {
    ...route,
    handle() {
      reached.push('let through');
      return Promise.resolve(new Response());
    },
  };
  // Where nothing that is named decides, it is no matter whether the input is one.
  const { read: _, ...unread } = recording;
  const isNaming = typeof route.scope === 'object' && 'on' in route.scope;
  const call = { ...requestOf(route, input), identity: nobody };
  try {
    await perform({ ...server.ctx, access }, isNaming ? recording : unread, call);
  } catch (error) {
    if (isCode(error, 'forbidden', 'not-found')) return reached[0] ?? (error.code as Outcome);
    throw error;
  }
  return reached[0] ?? 'forbidden';
}

/** What must become of it, from what the caller holds and what the route is said to be about. */
function expected(entry: Entry, role: Role, held: Held): Outcome {
  if ('among' in entry) {
    const holds = [held.workspace, held.mine, held.other];
    return holds.some((each) => covers(each, role)) ? 'let through' : 'forbidden';
  }
  switch (entry.about) {
    case 'public':
    case 'signed-in':
      return 'let through';
    case 'deployment':
      return covers(held.deployment, role) ? 'let through' : 'forbidden';
    case 'workspace':
      return covers(held.workspace, role) ? 'let through' : 'forbidden';
    default: {
      const isHere = !('inWorkspace' in entry) || covers(held.workspace, role);
      if (isHere && covers(held.mine, role)) return 'let through';
      // Names of models and endpoints can be guessed: to who would be told that there is none, there is none.
      const isHidden = entry.about !== 'experiment' && !covers(held.mine, 'viewer');
      return isHidden && covers(held.workspace, role) ? 'not-found' : 'forbidden';
    }
  }
}

/** The cells of one route that come out otherwise than they must, and how many were tried. */
async function tried(
  route: Route,
  cells: readonly Cell[],
  input: Input,
  must: (cell: Cell) => Outcome,
): Promise<{ wrong: readonly string[]; count: number }> {
  const wrong: string[] = [];
  for (const cell of cells) {
    const outcome = await outcomeOf(route, cell, input);
    if (outcome !== must(cell)) wrong.push(`${cell.name}: ${outcome}, must be ${must(cell)}`);
  }
  return { wrong, count: cells.length };
}

const roleOf = ({ role }: Route): Role => (role === 'public' || role === 'signed-in' ? 'viewer' : role);

function typesOf(entry: Entry): readonly ResourceType[] {
  if ('among' in entry) return entry.among;
  switch (entry.about) {
    case 'experiment':
    case 'model':
    case 'endpoint':
      return [entry.about];
    default:
      return ['experiment'];
  }
}

/** Every cell of a route: by each type of resource that it is about, and with each way to name one. */
async function triedOf(route: Route, entry: Entry) {
  const results = [];
  const also = 'naming' in entry && entry.also ? [{ ...entry, ...entry.also }] : [];
  for (const each of [entry, ...also]) {
    const inputs = 'naming' in each ? each.naming.map((fill) => fill(mine, other)) : [{}];
    for (const type of typesOf(each)) {
      const cells = cellsOf(resourceOf(type, mine), resourceOf(type, other));
      for (const input of inputs)
        results.push(await tried(route, cells, input, ({ held }) => expected(each, roleOf(route), held)));
    }
  }
  return {
    wrong: results.flatMap(({ wrong }) => wrong),
    count: results.reduce((sum, { count }) => sum + count, 0),
  };
}

let cells = 0;

describe('every role in every scope', () => {
  test.each(listed)('is let through or refused as the table says: $title', async ({ route, entry }) => {
    expect(entry).toBeDefined();
    const { wrong, count } = await triedOf(route, entry as Entry);
    expect(wrong).toEqual([]);
    expect(count).toBeGreaterThan(90);
    cells += count;
  });

  const referring = listed.filter(({ entry }) => entry && 'referring' in entry);
  test.each(referring)(
    'must see, or hold more over, what a call refers to: $title',
    async ({ route, entry }) => {
      const { about, referring: refers = [] } = entry as Extract<Entry, { naming: unknown }>;
      const pairs = pairsOf(resourceOf(about, mine), resourceOf(about, other));
      for (const { fill, needs } of refers) {
        const isEnough = ({ held }: Cell) => covers(held.mine, roleOf(route)) && covers(held.other, needs);
        const { wrong, count } = await tried(route, pairs, fill(mine, other), (cell) =>
          isEnough(cell) ? 'let through' : 'forbidden',
        );
        expect(wrong).toEqual([]);
        cells += count;
      }
    },
  );

  test('is tried at every route there is, each in some ninety ways', () => {
    expect(cells).toBeGreaterThan(listed.length * 90);
  });
});

describe('the table', () => {
  test('has an entry for every route, and none for a route that is gone', () => {
    const claimed = new Set(listed.map(({ title }) => title.replace('/ajax-api/', '/api/')));
    expect(Object.keys(entries).toSorted()).toEqual([...claimed].toSorted());
  });

  test('says of every route that asks for a role where it asks for it', () => {
    const silent = listed.filter(
      ({ route }) => route.role !== 'public' && route.role !== 'signed-in' && route.scope === undefined,
    );
    expect(silent.map(({ title }) => title)).toEqual([]);
  });

  test('lets what is only referred to do with a lesser role than the route’s', () => {
    const greater = listed.filter(({ route: { role, scope } }) =>
      typeof scope === 'object' && 'on' in scope && role !== 'public' && role !== 'signed-in'
        ? scope.on.some((reference) => reference.role !== undefined && !covers(role, reference.role))
        : false,
    );
    expect(greater.map(({ title }) => title)).toEqual([]);
  });

  test('is tried with every field by which a route can be told what it is about', () => {
    const untried = listed.flatMap(({ route, entry, title }) => {
      const { scope } = route;
      if (typeof scope !== 'object' || !('on' in scope) || !entry || !('naming' in entry)) return [];
      const inputs = [
        ...entry.naming,
        ...(entry.also?.naming ?? []),
        ...(entry.referring ?? []).map(({ fill }) => fill),
      ];
      const filled = new Set(inputs.flatMap((fill) => pathsOf(fill(mine, other))));
      // What a schema puts together of two fields is named as a third.
      filled.add(filled.has('folder') ? 'artifact' : 'folder');
      return scope.on.filter(({ field }) => !filled.has(field)).map(({ field }) => `${title}: ${field}`);
    });
    expect(untried).toEqual([]);
  });
});

/** The paths of the fields of an input that have a value, those in lists as in {@link Reference}. */
function pathsOf(input: unknown, prefix = ''): string[] {
  if (Array.isArray(input)) return [prefix, ...input.flatMap((each) => pathsOf(each, prefix))];
  if (typeof input !== 'object' || input === null) return [prefix];
  return Object.entries(input).flatMap(([name, value]) =>
    pathsOf(value, prefix === '' ? name : `${prefix}.${name}`),
  );
}
