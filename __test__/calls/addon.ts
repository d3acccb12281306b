import { openSync } from 'node:fs';
import { native } from '../helpers/addon.ts';
import type { Judge } from './judge.ts';
import type { Random } from './random.ts';
import { Own, type Values } from './values.ts';

type Export = (...args: unknown[]) => unknown;

const addon = native as unknown as Record<string, Export>;
const NAMES = Object.keys(addon).filter((name) => typeof addon[name] === 'function');

/** So many handles of a kind are kept. */
const MOST = 4;

/** What stands in the first place of most calls, and what else is an object of the addon's. */
const OBJECTS = ['engine', 'file', 'regexp', 'search'] as const;
type Kind = (typeof OBJECTS)[number];

/** How to make them, and how to call: each argument by what it should be. */
const SHAPES: Record<string, string[]> = {
  adopt: ['engine', 'fd', 'family', 'options'],
  adoptDatagram: ['engine', 'fd', 'family', 'options'],
  adoptListener: ['engine', 'fd', 'family', 'options'],
  bindDatagram: ['engine', 'host', 'port', 'options'],
  bindDatagramPath: ['engine', 'bytes', 'options'],
  closeEngine: ['engine'],
  closeFile: ['file'],
  compileRegExp: ['bytes'],
  configureDatagram: ['engine', 'id', 'id', 'options'],
  connect: ['engine', 'hosts', 'port', 'options'],
  connectPath: ['engine', 'bytes', 'options'],
  cut: ['bytes', 'bytes', 'number', 'number', 'number', 'words', 'search'],
  datagramBufferSizes: ['engine', 'id', 'id'],
  engineStats: ['engine'],
  holdEngine: ['engine', 'boolean'],
  lend: ['engine', 'number', 'bytes'],
  listen: ['engine', 'host', 'port', 'options'],
  listenPath: ['engine', 'bytes', 'options'],
  openEngine: ['function', 'driver'],
  openFile: ['fd', 'number', 'number'],
  openSearch: ['regexp'],
  parseAddress: ['host', 'port', 'bytes'],
  pushFile: ['engine', 'file'],
  pushOwned: ['engine', 'bytes', 'number'],
  reclaim: ['engine'],
  reportUncaught: ['own'],
  send: ['engine', 'id', 'id', 'number', 'bytes', 'number', 'bytes'],
  sent: ['engine', 'id', 'id'],
  setPace: ['engine', 'number'],
  shareRegExp: ['engine', 'regexp'],
  submit: ['engine', 'bytes', 'number'],
  take: ['engine', 'words', 'bytes'],
  tally: ['engine', 'id', 'id', 'floats'],
};

/** Calls each export of the addon, with an engine of its own that nobody else uses. */
export class AddonCalls {
  readonly #random: Random;
  readonly #values: Values;
  readonly #judge: Judge;
  readonly #file = openSync('file', 'r');
  readonly #objects: Record<Kind, unknown[]> = { engine: [], file: [], regexp: [], search: [] };

  constructor(random: Random, values: Values, judge: Judge) {
    this.#random = random;
    this.#values = values;
    this.#judge = judge;
  }

  one(): void {
    this.#replenish();
    const name = this.#random.pick(NAMES);
    const shape = SHAPES[name] ?? [];
    const args = shape.map((kind) => this.#argument(kind));
    // One too few, one too many.
    if (this.#random.once(20) && name !== 'reportUncaught') args.pop();
    if (this.#random.once(20)) args.push(this.#values.any());
    this.#judge.call(`addon.${name}(${shape})`, () => addon[name]?.(...args));
  }

  close(): void {
    for (const engine of this.#objects.engine) {
      this.#judge.call('addon.closeEngine', () => addon['closeEngine']?.(engine));
    }
  }

  /** Now and then another of each: those that were called have been closed, and worse. */
  #replenish(): void {
    const { engine, file, regexp, search } = this.#objects;
    const make = (of: unknown[], name: string, ...args: unknown[]) => {
      if (of.length > 0 && !this.#random.once(40)) return;
      const made = this.#judge.call(`addon.${name}`, () => addon[name]?.(...args));
      if (typeof made === 'object') of.push(made);
      if (of.length > MOST) {
        const former = of.shift();
        if (of === engine)
          this.#judge.call('addon.closeEngine', () => addon['closeEngine']?.(former));
      }
    };
    make(engine, 'openEngine', () => {}, 'thread');
    make(file, 'openFile', this.#file, 0, 0);
    make(regexp, 'compileRegExp', Buffer.from('/a|b'));
    make(search, 'openSearch', regexp[0]);
  }

  #argument(kind: string): unknown {
    const { pick, once } = {
      pick: <T>(choices: readonly T[]) => this.#random.pick(choices),
      once: (times: number) => this.#random.once(times),
    };
    // Never a number that could be a socket of somebody's.
    if (kind === 'fd') return this.#values.descriptor();
    if (kind === 'own') return new Own('reported');
    if (once(8)) return this.#values.any();
    if (Object.hasOwn(this.#objects, kind)) {
      return pick(this.#objects[once(12) ? pick(OBJECTS) : (kind as Kind)]);
    }
    switch (kind) {
      case 'options':
        return this.#values.nativeOptions();
      case 'bytes':
        return once(3)
          ? this.#values.bytes()
          : Buffer.from(this.#random.list(64, () => pick([0, 0, 1, 2, 47, 97, 255])));
      case 'words':
        return once(4) ? this.#values.bytes() : new Uint32Array(pick([0, 1, 2, 4, 8, 16, 4096]));
      case 'driver':
        return pick(['auto', 'thread', 'loop']);
      case 'floats':
        return once(4) ? this.#values.bytes() : new Float64Array(pick([0, 1, 64]));
      case 'host':
        return pick(['127.0.0.1', '::1', '', 'localhost', '127.0.0.1\0']);
      case 'hosts':
        return pick([['127.0.0.1'], [], ['::1', '127.0.0.1'], ['x'], [1]]);
      case 'port':
        return pick([0, 1, 0, -1, 65_536, Number.NaN, 2 ** 32, '1']);
      case 'id':
        return pick([0, 1, 2, 3, 2 ** 32 - 1]);
      case 'family':
        return pick([0, 1, 2, 3, 4, 9]);
      case 'boolean':
        return pick([true, false]);
      case 'function':
        return () => {};
      default:
        return pick([
          0,
          1,
          2,
          64,
          1000,
          2 ** 31,
          2 ** 32 - 1,
          2 ** 32,
          -1,
          Number.NaN,
          2 ** 53,
          1.5,
        ]);
    }
  }
}
