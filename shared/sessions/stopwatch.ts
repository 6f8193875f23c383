/**
 * Milliseconds that this thread has been at work, to a few of them. The runtime computes in the thread that asks
 * it, so this is what it holds that up for, whatever else the machine does meanwhile. Before Node 22.19 there is
 * only the clock on the wall.
 */
export function workedMilliseconds(): number {
  if (typeof process.threadCpuUsage !== 'function') return performance.now();
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}
