/**
 * Tries an assertion until it holds. For what lists and searches say: they read with eventual
 * consistency, so a write shows in them a moment later, not at once.
 */
export async function eventually<T>(assertion: () => Promise<T>, secondsMax = 5): Promise<T> {
  const deadline = Date.now() + secondsMax * 1000;
  for (;;)
    try {
      return await assertion();
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
}
