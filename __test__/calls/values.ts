import { pathToFileURL } from 'node:url';
import { runInNewContext } from 'node:vm';

import type { Random } from './random.ts';

/** What a user's own code throws: it may pass. */
export class Own extends Error {}

/** Every name that an option or a property of an address has somewhere, and some that none has. */
const NAMES = [
  ...['engine', 'fd', 'ConnectionClass', 'readDelimiter', 'readEncoding', 'bufferSize', 'noDelay'],
  ...['highWaterMark', 'maxPendingBytes', 'allowHalfOpen', 'idleTimeout', 'frameTimeout'],
  ...['lingerTimeout', 'keepAlive', 'recvBufferSize', 'sendBufferSize', 'connectTimeout'],
  ...[
    'signal',
    'localAddress',
    'localPort',
    'family',
    'lookup',
    'backlog',
    'ipv6Only',
    'reusePort',
  ],
  ...[
    'maxConnections',
    'mode',
    'maxSenders',
    'reuseAddr',
    'broadcast',
    'bytes',
    'endian',
    'adjust',
  ],
  ...['idle', 'interval', 'count', 'host', 'address', 'port', 'path', 'noDelya', '__proto__', '0'],
];

/** Those of the addon's objects. */
const NATIVE_NAMES = [
  ...['socket', 'noDelay', 'keepAlive', 'keepAliveIdle', 'keepAliveInterval', 'keepAliveCount'],
  ...['recvBufferSize', 'sendBufferSize', 'localAddress', 'localPort', 'timeout', 'backlog'],
  ...['ipv6Only', 'reusePort', 'reuseAddr', 'broadcast', 'maxConnections', 'mode', 'family'],
  ...['name', 'value', 'group', 'source', 'interface'],
];

const NUMBERS = [
  ...[0, -0, -1, 1, 2, 3, 4, 6, 8, 10, 127, 128, 255, 1000, 1024, 65_535, 65_536, 65_537, 0.5, 1.5],
  ...[2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 53, 2 ** 53 + 2, 1e308, -(2 ** 31), 5e-324],
  ...[Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
];

const TEXTS = [
  ...['', 'a', '\n', '\r\n', '\0', '\0abstract', 'utf8', 'hex', 'base64', 'ucs2', 'utf9', 'big'],
  ...['little', 'varint', '127.0.0.1', '::1', 'localhost', '::', '0.0.0.0', '::ffff:127.0.0.1'],
  ...['fe80::1%nope', '224.0.0.1', 'ff02::1', '256.1.1.1', '::%lo', 'IPv4', 'IPv6', 'unix'],
  ...[
    './sock',
    './file',
    './missing/sock',
    '/dev/null',
    '.',
    '\ud800',
    '\u{1f600}',
    'x'.repeat(300),
  ],
  ...['setTTL', 'setBroadcast', 'addMembership', '127.0.0.1\0', 'a\0b', 'unknown.invalid'],
];

/** Descriptors of no socket: a number that something else uses could be anybody's. */
const DESCRIPTORS: unknown[] = [-1, 0, 1, 2, 1.5, Number.NaN, 2 ** 31, 987_654, '1', null, 1n];

const VIEWS = [
  ...[Int8Array, Uint8ClampedArray, Uint16Array, Int32Array, Uint32Array, Float32Array],
  ...[Float64Array, BigInt64Array, DataView, Uint8Array],
] as (new (
  memory: ArrayBuffer,
) => ArrayBufferView)[];

/** Values to call with: most of them wrong. */
export class Values {
  /** What others have made: channels, engines, sockets, handles. */
  readonly made: unknown[] = [];
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  any(depth = 0): unknown {
    const { below, pick } = bound(this.#random);
    switch (below(depth > 2 ? 8 : 22)) {
      case 0:
      case 1:
        return pick(NUMBERS);
      case 2:
      case 3:
        return pick(TEXTS);
      case 4:
        return pick([undefined, null, true, false]);
      case 5:
        return pick([0n, -1n, 2n ** 64n, Symbol('s'), Symbol.iterator, new Date(), new Map()]);
      case 6:
        return this.made.length > 0 ? pick(this.made) : undefined;
      case 7:
        return this.function();
      case 8:
      case 9:
        return this.bytes();
      case 10:
        return this.#random.once(40) ? 'x'.repeat(2 ** 24) : 'x'.repeat(below(100_000));
      case 11:
        return this.pattern();
      case 12:
        return this.proxy(depth);
      case 13:
        return this.throwing();
      case 14:
        return this.#random.list(below(4), () => this.any(depth + 1));
      case 15:
        return [pick(['127.0.0.1', '::1', '', 'localhost', null]), this.port()];
      case 16:
        return { [pick(['host', 'address'])]: pick(['127.0.0.1', '::1', 1]), port: this.port() };
      case 17:
        return this.signal();
      case 18:
        return pick([new URL('file:///dev/null'), new URL('http://a/'), pathToFileURL('./file')]);
      case 19:
        return { fd: pick(DESCRIPTORS) };
      default:
        return this.options(NAMES, depth);
    }
  }

  /** Often a free one; else one that is none. */
  port(): unknown {
    return this.#random.pick([0, 0, 0, -1, 65_536, Number.NaN, 1.5, '80', undefined, 2 ** 53]);
  }

  descriptor(): unknown {
    return this.#random.pick(DESCRIPTORS);
  }

  /** What the addon takes as options, and often all of it. */
  nativeOptions(depth = 0): unknown {
    if (this.#random.once(6)) return this.any();
    const some = this.options(NATIVE_NAMES, 1) as Record<string, unknown>;
    const whole = { noDelay: true, keepAlive: false };
    const given = {
      ...{ backlog: 10, ipv6Only: false, reusePort: false, reuseAddr: false, broadcast: false },
      ...{ family: 0, name: 'setTTL', value: 1, ...whole },
      ...(this.#random.once(2) ? {} : some),
    };
    return depth > 0 ? given : { ...given, socket: this.nativeOptions(1) };
  }

  options(names: readonly string[], depth: number): object {
    const { below, pick } = bound(this.#random);
    const options: Record<string, unknown> = {};
    for (let count = below(4); count > 0; count -= 1) {
      const name = pick(names);
      const value = name === 'fd' ? this.descriptor() : this.any(depth + 1);
      const property = { value, enumerable: true, configurable: true, writable: true };
      Object.defineProperty(
        options,
        name,
        name === 'port' ? { ...property, value: this.port() } : property,
      );
    }
    return this.#random.once(8) ? Object.assign(Object.create(null), options) : options;
  }

  function(): unknown {
    return this.#random.pick([
      () => {},
      async () => {},
      function classic() {},
      class Plain {},
      () => 1,
      new Proxy(() => {}, {}),
      revoked(() => {}),
      (_host: unknown, _options: unknown, done: unknown) => {
        if (typeof done === 'function') done(null, this.any(), this.any());
      },
      () => {
        throw new Own('thrown by a function');
      },
    ]);
  }

  /** Memory of all kinds: genuine, detached, shared, resized, of another realm, and liars. */
  bytes(): unknown {
    const { below, pick } = bound(this.#random);
    const size = pick([0, 1, 2, 3, 8, 100, 4096, 20_000, 300_000]);
    const memory = new ArrayBuffer(8 * Math.ceil(size / 8));
    const View = pick(VIEWS);
    switch (below(16)) {
      case 0:
        return new View(memory);
      case 1:
        return memory;
      case 2:
        return Buffer.alloc(size, 'b');
      case 3:
        return detached(new View(memory));
      case 4:
        return detached(Buffer.from(memory));
      case 5: {
        const view = new Uint8Array(memory);
        structuredClone(null, { transfer: [memory] });
        return pick([view.buffer, memory]);
      }
      case 6:
        return new View(new SharedArrayBuffer(memory.byteLength) as never);
      case 7:
        return new SharedArrayBuffer(size);
      case 8: {
        const Resizable = ArrayBuffer as unknown as new (n: number, o: object) => ArrayBuffer;
        const resized = new Resizable(memory.byteLength, { maxByteLength: 400_000 });
        const view = below(2) === 0 ? new View(resized) : new Uint8Array(resized, 0, size);
        (resized as unknown as { resize(n: number): void }).resize(pick([0, 8, 400_000]));
        return pick([view, resized]);
      }
      case 9: {
        class Liar extends Uint8Array {}
        const length = pick([
          Number.NaN,
          -1,
          2 ** 31,
          2 ** 53,
          1e9,
          'x',
          undefined,
          16_384,
          20_000,
        ]);
        Object.defineProperty(
          Liar.prototype,
          pick(['length', 'byteLength', 'byteOffset', 'buffer']),
          {
            get: () => length,
          },
        );
        return new Liar(size);
      }
      case 10: {
        const view = new Uint8Array(size);
        const properties = { value: pick(NUMBERS), configurable: true };
        Object.defineProperty(
          view,
          pick(['length', 'byteLength', 'buffer', 'byteOffset']),
          properties,
        );
        return view;
      }
      case 11:
        return Object.setPrototypeOf(
          new View(memory),
          pick([null, Uint8Array.prototype, Buffer.prototype]),
        );
      case 12:
        return Object.create(pick([Uint8Array.prototype, ArrayBuffer.prototype, Buffer.prototype]));
      case 13: {
        let calls = 0;
        const view = new Uint8Array(size);
        // Another length each time it is asked.
        Object.defineProperty(view, 'length', { get: () => (calls++ % 2 === 0 ? size : 1e6) });
        return view;
      }
      case 14:
        return runInNewContext(
          `new ${pick(['Uint8Array', 'ArrayBuffer', 'Float64Array'])}(${size})`,
        );
      default:
        return new Uint8Array(memory, 0, size).fill(10);
    }
  }

  pattern(): unknown {
    const { pick } = bound(this.#random);
    const pattern = new RegExp(
      pick([
        '\\n',
        'a|b',
        'a(?=b)',
        '(a)\\1',
        '',
        '^',
        '\\s\\s+',
        'a{500}',
        '[\\s\\S]{10}y',
        '\\p{L}{1,50},',
        '(a*)*b',
      ]),
      pick(['', 'i', 'u', 'y', 'g', 'm', 's', 'iu']),
    );
    if (this.#random.once(3)) {
      Object.defineProperty(pattern, pick(['source', 'flags']), { value: this.any(3) });
    }
    return pattern;
  }

  signal(): unknown {
    const controller = new AbortController();
    if (this.#random.once(2))
      controller.abort(this.#random.once(2) ? undefined : new Own('reason'));
    const { signal } = controller;
    return this.#random.pick([signal, signal, new Proxy(signal, {}), { aborted: false }]);
  }

  proxy(depth: number): unknown {
    const target = this.any(depth + 2);
    const isObject =
      (typeof target === 'object' && target !== null) || typeof target === 'function';
    const of = isObject ? (target as object) : {};
    return this.#random.pick([
      () => new Proxy(of, {}),
      () => revoked(of),
      () => new Proxy(revoked(of) as object, {}),
      () =>
        new Proxy(of, { get: thrower, ownKeys: thrower, getPrototypeOf: thrower, has: thrower }),
    ])();
  }

  throwing(): unknown {
    const { pick } = bound(this.#random);
    return Object.defineProperty({ port: 0 }, pick([...NAMES, ...NATIVE_NAMES]), {
      get: thrower,
      enumerable: true,
      configurable: true,
    });
  }
}

function thrower(): never {
  throw new Own('thrown by a getter or a trap');
}

function revoked(target: object): unknown {
  const { proxy, revoke } = Proxy.revocable(target, {});
  revoke();
  return proxy;
}

function detached(view: ArrayBufferView): unknown {
  structuredClone(null, { transfer: [view.buffer as ArrayBuffer] });
  return view;
}

function bound(random: Random) {
  return {
    below: (limit: number) => random.below(limit),
    pick: <T>(choices: readonly T[]) => random.pick(choices),
  };
}
