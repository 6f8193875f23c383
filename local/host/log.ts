import type { LogLevel } from './rpc.ts';

interface LogEntry {
  level: LogLevel;
  message: string;
  /** Absent for lines of the host itself. */
  function?: string;
  invocationId?: string;
}

export type Log = (entry: LogEntry) => void;

const shown: Record<LogLevel, string | undefined> = {
  trace: undefined,
  debug: undefined,
  information: '',
  warning: 'warning: ',
  error: 'error: ',
  critical: 'error: ',
  none: undefined,
};

/** One line an entry on standard error; `trace` and `debug` are left out. */
export const logToStderr: Log = (entry) => {
  const level = shown[entry.level];
  if (level === undefined) return;
  const source = entry.function ? `[${entry.function}] ` : '';
  process.stderr.write(`${source}${level}${entry.message}\n`);
};
