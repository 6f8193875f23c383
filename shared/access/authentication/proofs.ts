import { hash, randomBytes } from 'node:crypto';
import type { AccessState } from '../held.ts';
import type { Identity } from '../identity.ts';
import { Refused } from './refused.ts';

/** What a credential was found to prove, without which nothing is asked again. */
export type Proof = {
  /** In milliseconds since 1970. */
  readonly expiresAt: number;
  /** The position of the access root at which it was found; absent where no change can take it back. */
  readonly seq?: number;
  /** Who it is by the rules of a state. Throws `Refused` where nobody. */
  readonly identityIn: (state: AccessState) => Identity;
};

/** Of so many credentials an instance remembers what they prove. */
const proofsMax = 10_000;

type Entry = {
  readonly proof: Promise<Proof>;
  /** What became of it in the last state it was asked for: one identity for as long as the rules stand. */
  last?: { readonly state: AccessState; readonly identity: Identity };
};

/**
 * What the credentials of late proved, by a keyed hash of them: neither they nor anything to guess them by stay
 * in memory. The least recently used go first. Those who present the same at once wait for one proof.
 */
export class Proofs {
  readonly #key = randomBytes(32).toString('hex');
  readonly #entries = new Map<string, Entry>();

  /** Who presents `credential` in `state`, proving it by `prove` where that is not known, or is no longer. */
  async identity(
    credential: string,
    state: AccessState,
    now: number,
    prove: () => Promise<Proof>,
  ): Promise<Identity> {
    // Each request pays for this: HMAC would cost it fifteen times as much, and guards against nothing here.
    const id = hash('sha256', this.#key + credential, 'base64');
    for (let isMine = false; ; ) {
      let entry = this.#entries.get(id);
      if (!entry) {
        entry = this.#remember(id, prove());
        isMine = true;
      }
      try {
        const identity = identityOf(entry, await entry.proof, state, now);
        if (this.#entries.get(id) === entry) this.#touch(id, entry);
        return identity;
      } catch (error) {
        if (this.#entries.get(id) === entry) this.#entries.delete(id);
        // What was true some time ago, or for somebody else, may only have to be proven again.
        if (isMine || !(error instanceof Refused)) throw error;
      }
    }
  }

  #remember(id: string, proof: Promise<Proof>): Entry {
    const entry: Entry = { proof };
    this.#touch(id, entry);
    const oldest = this.#entries.size > proofsMax ? this.#entries.keys().next().value : undefined;
    if (oldest !== undefined) this.#entries.delete(oldest);
    return entry;
  }

  #touch(id: string, entry: Entry): void {
    this.#entries.delete(id);
    this.#entries.set(id, entry);
  }
}

function identityOf(entry: Entry, proof: Proof, state: AccessState, now: number): Identity {
  if (now >= proof.expiresAt) throw new Refused('it has expired');
  if (proof.seq !== undefined && proof.seq !== state.seq) throw new Refused('it may have been taken back');
  if (entry.last?.state === state) return entry.last.identity;
  const identity = proof.identityIn(state);
  entry.last = { state, identity };
  return identity;
}
