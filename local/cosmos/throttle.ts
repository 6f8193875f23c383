import { CosmosError } from './errors.ts';

/**
 * A budget of request units a second for each container. What a request costs is known only when it is done, so the
 * budget may go below zero, and requests are refused until it has filled up again.
 */
export class Throttle {
  readonly #unitsPerSecond: number | undefined;
  readonly #now: () => number;
  readonly #buckets = new Map<string, { units: number; at: number }>();

  constructor(unitsPerSecond: number | undefined, now: () => number) {
    this.#unitsPerSecond = unitsPerSecond;
    this.#now = now;
  }

  /** @throws CosmosError 429 with the time until there are units again */
  admit(container: string): void {
    if (this.#unitsPerSecond === undefined) return;
    const bucket = this.#refill(container, this.#unitsPerSecond);
    if (bucket.units > 0) return;
    const retryAfterMs = Math.max(1, Math.ceil((-bucket.units / this.#unitsPerSecond) * 1000));
    throw new CosmosError(429, 'The request rate is too large.', { substatus: 3200, retryAfterMs });
  }

  spend(container: string, charge: number): void {
    if (this.#unitsPerSecond !== undefined) this.#refill(container, this.#unitsPerSecond).units -= charge;
  }

  #refill(container: string, unitsPerSecond: number): { units: number; at: number } {
    const now = this.#now();
    const bucket = this.#buckets.get(container) ?? { units: unitsPerSecond, at: now };
    bucket.units = Math.min(unitsPerSecond, bucket.units + ((now - bucket.at) / 1000) * unitsPerSecond);
    bucket.at = now;
    this.#buckets.set(container, bucket);
    return bucket;
  }
}
