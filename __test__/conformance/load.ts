import type { Implementation, UnixImplementation } from '../helpers/implementation.ts';
import { iterated } from '../helpers/iterated.ts';

/**
 * An implementation by its name. Its classes take only their own kind, so no two implementations
 * have one type; that each has the right one is for the type tests to say.
 */
export async function load(name: string): Promise<Implementation & UnixImplementation> {
  if (name === 'iterated') return iterated(await load('native'));
  const module: unknown =
    name === 'native' ? await import('pants-native') : await import('../reference/index.ts');
  return module as Implementation & UnixImplementation;
}
