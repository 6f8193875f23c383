import type { Write } from '../../azure/index.ts';
import type { Context } from '../../context.ts';
import { eventWrite, type NewEvent, relay } from '../../events/index.ts';

/*
 * Denials and downloads change nothing that an event could be written with. Each instance keeps an aggregate of its
 * own for them, whose events are numbered as all others are. What meets in an instance is one write, the same of the
 * same caller one event with a count, so that no flood of calls becomes a flood of entries: of at most 20 events a
 * write, 120 writes a minute begin at once, all further ones a second after the one before. That is 180 writes and 3,600
 * events a minute and instance, or 180 events where all calls are alike; nothing is dropped, who floods waits. Nobody
 * hides what they do in the flood of somebody else: what there is no room to tell apart is still theirs by name.
 */
const eventsPerWriteMax = 20;
/** Refusals of one principal that are told apart in one write; further ones are one event of theirs. */
const refusalsOfOneMax = 6;
const writesAtOncePerMinute = 120;
const pacedMilliseconds = 1000;
/** Events are entered in the log within minutes; there they stay. */
const ttlSeconds = 30 * 86_400;

/** What is to be entered: two with one `key` are the same. */
export type Note = {
  readonly key: string;
  readonly ctx: Context;
  readonly event: Pick<NewEvent, 'type' | 'subject' | 'reason'>;
};

type Gathered = Note & { count: number; readonly waiting: Waiter[] };
type Waiter = { readonly done: () => void; readonly fail: (error: unknown) => void };

/** Pause between two writes; a port, so that tests need not wait. */
export type Pause = (milliseconds: number) => Promise<void>;

export class Intake {
  readonly #instance: string;
  readonly #pause: Pause;
  #seq = 0;
  #gathered = new Map<string, Gathered>();
  #isWriting = false;
  /** Numbered and perhaps not written: nothing is numbered after it before it is. */
  #unsure: Numbered | undefined;
  #minute = { index: 0, writes: 0 };

  constructor(instance: string, pause: Pause = sleep) {
    this.#instance = instance;
    this.#pause = pause;
  }

  /** Ends once the event is stored. */
  note(note: Note): Promise<void> {
    return new Promise((done, fail) => {
      const waiter = { done, fail };
      const same = this.#gathered.get(note.key) ?? this.#gathered.get(this.#placeOf(note));
      if (same) {
        same.count++;
        same.waiting.push(waiter);
      } else this.#gather(note, waiter);
      if (!this.#isWriting) void this.#writeAll();
    });
  }

  #gather(note: Note, waiter: Waiter): void {
    const place = this.#placeOf(note);
    const kept = place === note.key ? note : othersOf(note, place);
    this.#gathered.set(place, { ...kept, count: 1, waiting: [waiter] });
  }

  /** Its own key, unless it is one refusal of a principal too many: these are one. */
  #placeOf({ key, ctx: { principal }, event: { type } }: Note): string {
    if (type !== 'access.denied') return key;
    let known = 0;
    for (const { ctx, event } of this.#gathered.values())
      if (event.type === type && ctx.principal.id === principal.id) known++;
    return known < refusalsOfOneMax ? key : `others/${type}/${principal.id}`;
  }

  async #writeAll(): Promise<void> {
    this.#isWriting = true;
    try {
      while (this.#gathered.size > 0) {
        const [first] = this.#gathered.values();
        if (first) await this.#keepPace(first.ctx);
        const batch = [...this.#gathered.values()].slice(0, eventsPerWriteMax);
        for (const { key } of batch) this.#gathered.delete(key);
        const waiting = batch.flatMap((each) => each.waiting);
        try {
          await this.#write(batch);
          for (const { done } of waiting) done();
        } catch (error) {
          for (const { fail } of waiting) fail(error);
        }
      }
    } finally {
      this.#isWriting = false;
    }
  }

  async #keepPace({ clock }: Context): Promise<void> {
    const index = Math.floor(clock.now() / 60_000);
    if (index !== this.#minute.index) this.#minute = { index, writes: 0 };
    if (++this.#minute.writes > writesAtOncePerMinute) await this.#pause(pacedMilliseconds);
  }

  async #write(batch: readonly Gathered[]): Promise<void> {
    if (this.#unsure) await this.#store(this.#unsure);
    const numbered = batch.map(({ ctx, event, count }) => {
      const subject = count === 1 ? event.subject : { ...event.subject, count: String(count) };
      const told = { ...event, subject, aggregate: `instance/${this.#instance}`, seq: ++this.#seq };
      const write = eventWrite(ctx, told, { segment: this.#segment });
      return { ctx, write: { ...write, doc: { ...write.doc, ttl: ttlSeconds } } };
    });
    await this.#store(numbered);
  }

  /** Stored at once or, where an answer was lost, already. */
  async #store(numbered: Numbered): Promise<void> {
    this.#unsure = numbered;
    const [first] = numbered;
    if (!first) return;
    const writes = numbered.map(({ write }) => write);
    const { outcome } = await first.ctx.stores.documents('audit').batch([this.#segment], writes);
    if (outcome !== 'applied' && outcome !== 'exists')
      throw new Error(`Events of this instance were not stored: ${outcome}.`);
    this.#unsure = undefined;
    for (const { ctx, write } of numbered) relay(ctx, 'audit', [this.#segment], write);
  }

  get #segment(): string {
    return `instance-${this.#instance}`;
  }
}

/** What stands for all of a principal for which there is no room of their own. */
function othersOf({ ctx, event: { type } }: Note, key: string): Note {
  return { key, ctx: { ...ctx, workspace: '*' }, event: { type, subject: {} } };
}

type Numbered = readonly { readonly ctx: Context; readonly write: Write & { readonly op: 'create' } }[];

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

const intakes = new WeakMap<object, Intake>();

/** The intake of this instance. */
export function intakeOf(ctx: Context): Intake {
  const { documents } = ctx.stores;
  let intake = intakes.get(documents);
  if (!intake) intakes.set(documents, (intake = new Intake(ctx.ids.hex(8))));
  return intake;
}
