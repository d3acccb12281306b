/** Calls a hook. What it throws becomes an uncaught exception; the caller goes on. */
export function callHook(hook: () => void): void {
  try {
    hook();
  } catch (error) {
    process.nextTick(() => {
      throw error;
    });
  }
}
