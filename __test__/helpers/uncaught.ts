import type { ExecutionContext } from 'ava';

/**
 * Collects uncaught exceptions until the test ends. Only for serial tests: there is one such place
 * in a process, and it comes before the test runner's own.
 */
export function collectUncaught(t: ExecutionContext): unknown[] {
  const errors: unknown[] = [];
  process.setUncaughtExceptionCaptureCallback((error) => errors.push(error));
  t.teardown(() => process.setUncaughtExceptionCaptureCallback(null));
  return errors;
}
