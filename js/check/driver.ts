/** Who may drive a reactor: its thread, or Node's own event loop as well. */

import type { EngineOptions } from '../types.ts';
import { invalidType, invalidValue } from './errors.ts';
import { checkOptions, engineNames } from './option-names.ts';

/** @internal */
export type Driver = Required<EngineOptions>['driver'];

const DEFAULT: Driver = 'auto';
const DRIVERS = "'auto' or 'thread'";

/** @internal Of an engine's options. */
export function checkDriver(options: unknown): Driver {
  const { driver = DEFAULT } = checkOptions(options, engineNames);
  if (typeof driver !== 'string') throw invalidType('driver', DRIVERS, driver);
  if (driver !== 'auto' && driver !== 'thread') throw invalidValue('driver', DRIVERS, driver);
  return driver;
}

/**
 * @internal What is possible of it here. For tests, `PANTS_DRIVER` in the environment says what
 * `auto` comes to: `thread`, or `loop`, which is the event loop whenever it can.
 */
export function possible(driver: Driver): Driver | 'loop' {
  const { uv, bun, deno } = process.versions;
  // What others have of libuv may be names only, of functions that abort.
  const isNode = uv !== undefined && bun === undefined && deno === undefined;
  if (driver === 'thread' || !isNode) return 'thread';
  const forced = process.env['PANTS_DRIVER'];
  return forced === 'thread' || forced === 'loop' ? forced : 'auto';
}
