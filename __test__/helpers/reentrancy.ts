/** Finds hooks that run inside a call. */
export function reentrancy() {
  let depth = 0;
  const nested: string[] = [];
  const call = (body: () => void) => {
    depth += 1;
    try {
      body();
    } finally {
      depth -= 1;
    }
  };
  const hook =
    <A extends unknown[]>(body: (...args: A) => void) =>
    (...args: A) => {
      if (depth > 0) nested.push(String(new Error('a hook inside a call').stack));
      // A hook is no call: what it calls in its turn is counted from here.
      const outer = depth;
      depth = 0;
      body(...args);
      depth = outer;
    };
  return { call, hook, nested: () => nested };
}
