import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Execution } from './executor.ts';

const outputBytesMax = 16 * 1024 * 1024;
const tailCharsMax = 4096;

type Ended = Extract<Execution, { state: 'succeeded' | 'failed' }>;

/** A command that runs on this machine. */
export type RunningCommand = {
  readonly ended: Promise<Ended>;
  /** Ends it and all that it started; it has then failed for this reason. */
  stop(why: string): void;
};

/** Starts a command without a shell, in this environment and no other. */
export function startCommand(command: readonly string[], env: NodeJS.ProcessEnv): RunningCommand {
  const [program = '', ...args] = command;
  // A group of its own, so that what the child starts ends with it.
  const child = spawn(program, args, { env, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  let stopped: string | undefined;
  const stop = (why: string) => {
    stopped ??= why;
    killGroup(child);
  };
  const tooMuch = () => stop(`It printed more than ${outputBytesMax} bytes and was stopped.`);
  const output = tailOf(child.stdout, tooMuch);
  const complaint = tailOf(child.stderr, tooMuch);
  const ended = endOf(child).then((ending): Ended => {
    const reason = stopped ?? ending;
    const log = complaint().trim();
    return reason === undefined
      ? { state: 'succeeded', lastLine: output().trimEnd().split('\n').at(-1) ?? '', log }
      : { state: 'failed', reason, log };
  });
  return { ended, stop };
}

/** How the child ended, as a reason; `undefined` when it ended well. Its output has been read by then. */
async function endOf(child: ChildProcess): Promise<string | undefined> {
  const closed = once(child, 'close');
  try {
    const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
    // What it started and left behind must not keep its output open.
    killGroup(child);
    await closed;
    if (code === 0) return undefined;
    return code === null ? `It was ended by ${signal}.` : `It exited with code ${code}.`;
  } catch (error) {
    closed.catch(() => undefined);
    return `It could not be started: ${(error as Error).message}.`;
  }
}

/** Collects the end of a stream; `tooMuch` is called when more than {@link outputBytesMax} have come. */
function tailOf(stream: NodeJS.ReadableStream | null, tooMuch: () => void): () => string {
  let text = '';
  let bytes = 0;
  stream?.setEncoding('utf8').on('data', (chunk: string) => {
    bytes += chunk.length;
    text = (text + chunk).slice(-tailCharsMax);
    if (bytes > outputBytesMax) tooMuch();
  });
  return () => text;
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // The group is gone.
  }
}
