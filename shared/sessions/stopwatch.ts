/**
 * Milliseconds that this thread has been at work. The runtime computes in the thread that asks it, so this is
 * what a run holds that up for, whatever else the machine does meanwhile. Before Node 22.19 there is only the wall clock.
 */
export function workedMilliseconds(): number {
  if (typeof process.threadCpuUsage !== 'function') return performance.now();
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}
