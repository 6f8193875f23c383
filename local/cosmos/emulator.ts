import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { accountKey, type AuthOptions, authorize, EMULATOR_KEY } from './auth.ts';
import { Catalog, type Container } from './catalog.ts';
import { CosmosError } from './errors.ts';
import { Faults, type Operation } from './faults.ts';
import { splitRanges } from './partition-key.ts';
import type { PhysicalRange } from './queries.ts';
import type { Reply } from './reply.ts';
import { resolveRoute } from './routes.ts';
import { Database } from './store/database.ts';
import type { StaleReads } from './store/history.ts';
import { Throttle } from './throttle.ts';
import { HEADER, type WireRequest, type WireResponse } from './wire.ts';

export type EmulatorOptions = {
  /** The folder of the data; null or absent keeps it in memory. */
  data?: string | null;
  /** The account's key, in base64. {@link EMULATOR_KEY} where it is left out. */
  key?: string;
  /** Accept Entra ID tokens, unread. */
  entra?: boolean;
  /** How many physical ranges each container has. */
  ranges?: number;
  /** Each answer comes so much later; only in {@link Emulator.send}. */
  latencyMs?: number;
  /** The budget of each container; above it the answer is 429. */
  requestUnitsPerSecond?: number;
  /** Serve reads that relax the consistency from before the latest commits. */
  staleReads?: boolean | StaleReads;
  /** Decides what a fault's probability hits. */
  seed?: number;
  /** The clock, in milliseconds since 1970. */
  now?: () => number;
};

/** What was asked and what it cost, for those who count. */
export type Observation = {
  operation: Operation;
  container: string | undefined;
  status: number;
  charge: number;
  ms: number;
};

const STALE_DEFAULT: StaleReads = { commits: 5, ms: 2000 };

/** A Cosmos DB account, NoSQL API, that answers the requests of the official client. */
export function createEmulator(options: EmulatorOptions = {}): Emulator {
  return new Emulator(options);
}

export class Emulator {
  readonly faults: Faults;
  readonly #options: EmulatorOptions;
  readonly #auth: AuthOptions;
  readonly #now: () => number;
  readonly #ranges: readonly PhysicalRange[];
  readonly #db: Database;
  readonly #observers = new Set<(observation: Observation) => void>();
  #catalog: Catalog;
  #throttle: Throttle;

  constructor(options: EmulatorOptions) {
    this.#options = options;
    this.#auth = { key: accountKey(options.key ?? EMULATOR_KEY), entra: options.entra ?? false };
    this.#now = options.now ?? Date.now;
    this.#ranges = splitRanges(options.ranges ?? 1);
    this.faults = new Faults(options.seed ?? 1);
    this.#db = new Database(options.data ?? null);
    this.#catalog = this.#openCatalog();
    this.#throttle = new Throttle(options.requestUnitsPerSecond, this.#now);
  }

  /** Calls `observer` after each request. @returns a function that ends it */
  observe(observer: (observation: Observation) => void): () => void {
    this.#observers.add(observer);
    return () => this.#observers.delete(observer);
  }

  /**
   * Answers one request. What it writes is committed when it returns.
   *
   * @throws ConnectionLost where an injected fault breaks the connection
   */
  handle(request: WireRequest): WireResponse {
    const started = performance.now();
    const activityId = request.headers[HEADER.activityId] ?? randomUUID();
    const seen: { operation: Operation; container?: Container } = { operation: 'account' };
    let reply: Reply;
    try {
      reply = this.#run(request, seen);
    } catch (error) {
      reply = toReply(error, activityId);
    }
    const { status, body = '', headers = {}, charge = 0 } = reply;
    const answer: Record<string, string> = {
      'content-type': 'application/json',
      [HEADER.activityId]: activityId,
      [HEADER.charge]: String(charge),
      ...headers,
    };
    if (seen.container) Object.assign(answer, containerHeaders(seen.container, this.#ranges, headers));
    for (const observe of this.#observers) {
      const ms = performance.now() - started;
      observe({ operation: seen.operation, container: seen.container?.id, status, charge, ms });
    }
    return { status, headers: answer, body };
  }

  /** As {@link handle}, after the configured latency. */
  async send(request: WireRequest): Promise<WireResponse> {
    const { latencyMs = 0 } = this.#options;
    if (latencyMs > 0) await sleep(latencyMs);
    return this.handle(request);
  }

  /** How much there is in all containers, expired items included until they are purged. */
  statistics(): { items: number; terms: number } {
    let [items, terms] = [0, 0];
    for (const { id } of this.#catalog.databases() as { id: string }[]) {
      for (const { store } of this.#catalog.containers(id)) {
        const size = store.size();
        items += size.items;
        terms += size.terms;
      }
    }
    return { items, terms };
  }

  /** Deletes every item; databases and containers stay. */
  deleteItems(): void {
    for (const { id } of this.#catalog.databases() as { id: string }[]) {
      for (const { store } of this.#catalog.containers(id)) store.clear();
    }
  }

  /** Empties the account, databases and containers too, and ends all faults. */
  reset(): void {
    this.#db.reset();
    this.#catalog = this.#openCatalog();
    this.#throttle = new Throttle(this.#options.requestUnitsPerSecond, this.#now);
    this.faults.clear();
  }

  close(): void {
    this.#db.close();
  }

  #run(request: WireRequest, seen: { operation: Operation; container?: Container }): Reply {
    const { origin, path } = splitUrl(request.url);
    const segments = pathSegments(path);
    if (segments[0] === '_emulator') return this.#admin(request, segments);
    authorize(request, segments, this.#auth, this.#now());
    const route = resolveRoute({
      request,
      segments,
      origin,
      catalog: this.#catalog,
      ranges: this.#ranges,
      nowMs: this.#now(),
    });
    seen.operation = route.operation;
    if (route.container) seen.container = route.container;
    this.faults.strike('before', route.operation, route.container?.id);
    if (route.container) this.#throttle.admit(route.container.rid);
    let reply: Reply;
    try {
      reply = route.run();
    } catch (error) {
      if (route.container && error instanceof CosmosError) {
        this.#throttle.spend(route.container.rid, error.details.charge ?? 1);
      }
      throw error;
    }
    if (route.container) this.#throttle.spend(route.container.rid, reply.charge ?? 0);
    this.faults.strike('after', route.operation, route.container?.id);
    return reply;
  }

  #admin(request: WireRequest, segments: string[]): Reply {
    const operation = request.method === 'POST' ? segments[1] : undefined;
    switch (operation) {
      case 'reset':
        this.reset();
        return { status: 204 };
      case 'delete-items':
        this.deleteItems();
        return { status: 204 };
      default:
        throw new CosmosError(
          404,
          'The emulator itself has POST /_emulator/reset and POST /_emulator/delete-items.',
        );
    }
  }

  #openCatalog(): Catalog {
    const { staleReads } = this.#options;
    return new Catalog(this.#db, this.#now, staleReads === true ? STALE_DEFAULT : staleReads || undefined);
  }
}

/** Without the cost of a whole URL parser: this runs for every request. */
function splitUrl(url: string): { origin: string; path: string } {
  const [, origin = '', path = ''] = /^(https?:\/\/[^/?#]+)?([^?#]*)/.exec(url) ?? [];
  return { origin: origin || 'http://127.0.0.1', path };
}

function pathSegments(path: string): string[] {
  try {
    return path.split('/').filter(Boolean).map(decodeURIComponent);
  } catch {
    throw new CosmosError(400, 'The path of the URL is not validly percent-encoded.');
  }
}

function toReply(error: unknown, activityId: string): Reply {
  if (error instanceof RangeError && error.message.includes('call stack')) {
    return toReply(new CosmosError(400, 'The request is nested too deeply.'), activityId);
  }
  if (!(error instanceof CosmosError)) throw error;
  const { substatus, retryAfterMs, charge = 1 } = error.details;
  return {
    status: error.status,
    body: JSON.stringify(error.body(activityId)),
    charge: error.status === 429 ? 0 : charge,
    headers: {
      ...(substatus !== undefined && { [HEADER.substatus]: String(substatus) }),
      ...(retryAfterMs !== undefined && { [HEADER.retryAfterMs]: String(retryAfterMs) }),
    },
  };
}

function containerHeaders(
  { rid, databaseId, id, store }: Container,
  ranges: readonly PhysicalRange[],
  own: Record<string, string>,
): Record<string, string> {
  // One commit number serves all ranges, so every range's session is at the same place.
  const token = ranges.map((range) => `${range.id}:-1#${store.lsn}`).join(',');
  return {
    lsn: String(store.lsn),
    [HEADER.sessionToken]: own[HEADER.sessionToken] ?? token,
    [HEADER.ownerName]: encodeURI(`dbs/${databaseId}/colls/${id}`),
    [HEADER.ownerRid]: rid,
  };
}
