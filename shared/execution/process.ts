import { type ChildProcess, fork } from 'node:child_process';
import { tmpdir, totalmem } from 'node:os';
import {
  type Begin,
  memoryMark,
  packed,
  parseProcessAnswer,
  processFile,
  type Reply,
  type Request,
  untold,
} from '../sessions/index.ts';
import { Gone, type Place } from './place.ts';

export type ProcessLimits = {
  readonly memoryBytesMax: number;
  /** After so long without a question the process ends; the next one starts another. */
  readonly idleMilliseconds: number;
  /** For a question without a deadline. */
  readonly answerMillisecondsMax: number;
};

const errorCharsMax = 4_000;
/** What ends a process from outside: a system that is short of memory, or one that stops. */
const outerSignals: ReadonlySet<string> = new Set(['SIGKILL', 'SIGTERM', 'SIGINT', 'SIGHUP']);
const answerMillisecondsMax = 230_000;

function defaults(): ProcessLimits {
  const constrained = process.constrainedMemory() || Number.POSITIVE_INFINITY;
  return {
    memoryBytesMax: Math.floor(0.6 * Math.min(totalmem(), constrained)),
    idleMilliseconds: 120_000,
    answerMillisecondsMax,
  };
}

/**
 * A process for one model: with nothing of this one's environment, killed when it is late or takes too much
 * memory, and gone when this one is. It starts when it is first asked, and again when it was ended.
 */
export function ownProcess(limits: Partial<ProcessLimits> = {}): Place {
  const all = { ...defaults(), ...limits };
  let child: Child | null = null;
  let lives = 0;
  let idle: NodeJS.Timeout | undefined;
  let asked = 0;
  return {
    mode: 'process',
    async ask(request, deadline) {
      clearTimeout(idle);
      asked++;
      const mine = (child ??= new Child(all.memoryBytesMax, () => {
        lives++;
        child = null;
      }));
      try {
        return await mine.ask(request, deadline ?? performance.now() + all.answerMillisecondsMax);
      } finally {
        asked--;
        if (asked === 0 && child) idle = setTimeout(() => child?.kill('ended'), all.idleMilliseconds).unref();
      }
    },
    life: () => lives,
    memoryBytes: () => child?.memoryBytes ?? 0,
    close() {
      clearTimeout(idle);
      child?.kill('ended');
    },
  };
}

class Child {
  memoryBytes = 0;
  readonly #process: ChildProcess;
  readonly #waiting = new Map<number, { resolve: (reply: Reply) => void; reject: (error: Gone) => void }>();
  #ids = 0;
  #errors = '';
  #why: Gone['why'] | undefined;
  #isOver = false;
  readonly #onOver: () => void;

  /** `onOver` is called as soon as no further question may be put to it. */
  constructor(memoryBytesMax: number, onOver: () => void) {
    this.#onOver = onOver;
    this.#process = fork(processFile(), [], {
      cwd: tmpdir(),
      env: untold,
      execArgv: [],
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    const end = (detail: string, how: Gone['why'] = 'ended') => {
      this.#over();
      const why = memoryMark.test(this.#errors) ? 'memory' : (this.#why ?? how);
      for (const { reject } of this.#waiting.values()) reject(new Gone(why, `${detail} ${this.#errors}`));
      this.#waiting.clear();
    };
    this.#process.stderr?.on('data', (chunk: Buffer) => {
      if (this.#errors.length < errorCharsMax) this.#errors += chunk.toString();
    });
    this.#process.on('message', (message) => {
      const answer = parseProcessAnswer(message);
      if (!answer) {
        this.kill('ended');
        return;
      }
      this.memoryBytes = answer.memoryBytes;
      this.#waiting.get(answer.id)?.resolve(answer.reply);
      this.#waiting.delete(answer.id);
      if (this.#waiting.size === 0) this.#hold(false);
    });
    this.#process.once('error', (error) => end(String(error)));
    this.#process.once('close', (code, signal) =>
      end(signal ?? `exit code ${code}`, signal && outerSignals.has(signal) ? 'killed' : 'ended'),
    );
    this.#process.send({ memoryBytesMax } satisfies Begin, () => {});
    this.#hold(false);
  }

  ask(request: Request, deadline: number): Promise<Reply> {
    return new Promise<Reply>((resolve, reject) => {
      const timer = setTimeout(() => this.kill('late'), Math.max(0, deadline - performance.now()));
      const done = <T>(settle: (value: T) => void) => {
        return (value: T) => {
          clearTimeout(timer);
          settle(value);
        };
      };
      const id = ++this.#ids;
      this.#waiting.set(id, { resolve: done(resolve), reject: done(reject) });
      this.#hold(true);
      const sent = request.kind === 'run' ? { ...request, feeds: packed(request.feeds) } : request;
      // A process that is gone before it took the question says so by how it ended.
      this.#process.send({ id, request: sent }, () => {});
    });
  }

  kill(why: Gone['why']): void {
    this.#why = why;
    this.#process.kill('SIGKILL');
    this.#over();
  }

  #over(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#onOver();
  }

  /** Whoever waits for an answer keeps this process alive; a model that nobody asks does not. */
  #hold(isHeld: boolean): void {
    const method = isHeld ? 'ref' : 'unref';
    this.#process[method]();
    this.#process.channel?.[method]();
    (this.#process.stderr as unknown as { ref(): void; unref(): void } | null)?.[method]();
  }
}
