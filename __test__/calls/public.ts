import { readFileSync } from 'node:fs';

import * as pants from 'pants-native';
import type { Judge } from './judge.ts';
import type { Random } from './random.ts';
import { Own, type Values } from './values.ts';

type Fields = Record<PropertyKey, unknown>;
type Made = Fields & { close(): unknown };
type Construct = new (...args: unknown[]) => Made;

/** So many objects are called; who comes later takes the place of one of them. */
const MOST = 24;
const MOST_TIMERS = 8;

const CLASSES = [
  ...['Client', 'Server', 'Datagram', 'UnixClient', 'UnixServer', 'Stream', 'StreamServer'],
  ...['Connection', 'UnixConnection', 'Engine', 'Channel'],
];
/** These return what cancels them. */
const TIMERS = ['callback', 'loop', 'defer', 'cycle'];
const PROPERTIES = ['readDelimiter', 'readEncoding', 'bufferSize', 'ConnectionClass'];

const MEMBERS = publicMembers();

/** Calls the public interface: constructors, methods and properties. */
export class PublicCalls {
  readonly #random: Random;
  readonly #values: Values;
  readonly #judge: Judge;
  readonly #made: Made[] = [];
  readonly #timers: (() => void)[] = [];

  constructor(random: Random, values: Values, judge: Judge) {
    this.#random = random;
    this.#values = values;
    this.#judge = judge;
  }

  one(): void {
    const { below } = { below: (limit: number) => this.#random.below(limit) };
    const kind = this.#made.length < 4 ? 0 : below(12);
    if (kind === 0) this.#construct();
    else if (kind === 1) this.#function();
    else if (kind === 2) this.#begin();
    else this.#method();
  }

  /** Closes all there is. */
  close(): void {
    for (const cancel of this.#timers.splice(0)) cancel();
    for (const made of this.#made.splice(0)) this.#judge.call('close()', () => made.close());
  }

  #arguments(): unknown[] {
    return this.#random.list(this.#random.below(5), () => this.#values.any());
  }

  /** Nearly what the method takes: so that calls get further than their first argument. */
  #fitting(name: string): unknown[] {
    const values = this.#values;
    const { pick } = { pick: <T>(choices: readonly T[]) => this.#random.pick(choices) };
    const data = () =>
      this.#random.once(2) ? values.bytes() : pick(['', 'a', '\n', 'x'.repeat(20_000)]);
    const address = () =>
      pick([['127.0.0.1', values.port()], { port: values.port() }, './sock', '\0name', 1]);
    switch (name) {
      case 'write':
        return [data(), pick([undefined, true, false, address()]), pick([undefined, true, 'x'])];
      case 'writeFile':
        return [
          pick(['./file', '/dev/null', 0]),
          pick([0, 10, 1e9]),
          pick([0, 5]),
          pick([true, false]),
        ];
      case 'end':
        return [pick([undefined, 0, 10, data()])];
      case 'connect':
      case 'listen':
        return [address(), pick([undefined, {}, 1])];
      case 'readDelimiter':
        return [pick([null, '\n', 1, 0, values.bytes(), values.pattern()])];
      case 'callback':
      case 'loop':
        return [() => {}];
      case 'defer':
      case 'cycle':
        return [pick([0, 0.001, 1e9]), () => {}];
      default:
        return [
          pick([0, 1, 64, true, '224.0.0.1', 'utf8', 'latin1']),
          pick(['127.0.0.1', undefined]),
        ];
    }
  }

  #construct(): void {
    const name = this.#random.pick(CLASSES);
    const Class = (pants as unknown as Record<string, Construct>)[name] as Construct;
    // Half of them without arguments: others seldom get to be.
    const args = this.#random.once(2) ? [] : this.#arguments();
    const made = this.#judge.call(`new ${name}`, () => new Class(...args));
    if (made !== undefined) this.#keep(made as Made);
  }

  #keep(made: Made): void {
    this.#values.made.push(made);
    this.#hook(made);
    this.#made.push(made);
    if (this.#made.length <= MOST) return;
    const [former] = this.#made.splice(this.#random.below(MOST), 1);
    this.#judge.call('close()', () => former?.close());
    const at = this.#values.made.indexOf(former);
    if (at >= 0) this.#values.made.splice(at, 1);
  }

  /** Something that works, so that calls meet open channels, too. */
  #begin(): void {
    const { Client, Connection, Datagram, Server } = pants;
    const { made } = this.#values;
    class Kept extends Connection {
      constructor(...args: ConstructorParameters<typeof Connection>) {
        super(...args);
        made.push(args[0] as never);
      }
    }
    this.#judge.call('begin', () => {
      const server = new Server(Kept).listen(0, '127.0.0.1');
      const client = new Client().connect(server.localAddr as never);
      const datagram = new Datagram().listen([`127.0.0.1`, 0]);
      for (const one of [server, client, datagram]) this.#keep(one as unknown as Made);
      server.onAccept = (socket) => {
        try {
          this.#keep(new Kept(socket as never, server as never) as unknown as Made);
        } catch (error) {
          this.#judge.uncaught(error);
        }
      };
    });
    // Sockets and others that nobody calls any more.
    if (made.length > 60) made.splice(0, 30);
  }

  #function(): void {
    const { Engine, lengthPrefix } = pants;
    const values = this.#values;
    this.#judge.call('a function', () => {
      values.made.push(
        this.#random.once(2)
          ? lengthPrefix((this.#random.once(2) ? { bytes: 2 } : values.any()) as never)
          : Engine.instance(),
      );
    });
  }

  #method(): void {
    if (this.#made.length === 0) return;
    const made = this.#random.pick(this.#made);
    const name = this.#random.pick(membersOf(made));
    const what = `${made.constructor.name}.${name}`;
    const args = this.#random.once(2) ? this.#arguments() : this.#fitting(name);
    if (name.startsWith('on')) {
      this.#hook(made);
      return;
    }
    if (PROPERTIES.includes(name)) {
      this.#judge.call(`${what} =`, () => Reflect.set(made, name, args[0]));
    }
    const result = this.#judge.call(what, () => {
      const member = made[name];
      const isMethod = typeof member === 'function' && name !== 'ConnectionClass';
      return isMethod ? member.apply(made, args) : member;
    });
    if (typeof result !== 'function' || !TIMERS.includes(name)) return;
    this.#timers.push(result as () => void);
    if (this.#timers.length > MOST_TIMERS) this.#timers.shift()?.();
  }

  #hook(made: Made): void {
    const name = this.#random.pick([
      'onRead',
      'onWrite',
      'onConnect',
      'onError',
      'onClose',
      'onListen',
    ]);
    if (!(name in made)) return;
    const calls = this.#random;
    const hook = [
      () => {},
      () => {
        throw new Own('thrown by a hook');
      },
      () => void this.#judge.call('a hook', () => this.#method()),
    ];
    Object.assign(made, { [name]: calls.pick(hook) });
  }
}

/** What index.d.ts says that the classes of an object have. */
function membersOf(made: object): string[] {
  const names = new Set<string>();
  for (let of = made.constructor; of !== Function.prototype; of = Object.getPrototypeOf(of)) {
    for (const name of MEMBERS.get(of.name) ?? []) names.add(name);
  }
  return [...names];
}

function publicMembers(): Map<string, string[]> {
  const types = readFileSync(new URL('../../index.d.ts', import.meta.url), 'utf8');
  const classes = types.matchAll(/^export declare (?:abstract )?class (\w+)[\s\S]*?^\}/gm);
  return new Map(
    [...classes].map(([text, name = '']) => {
      const members = text.matchAll(/^ {2}(?:(?:readonly|get|set|abstract) )*(\w+)[(<:?]/gm);
      const names = [...members].map(([, member = '']) => member);
      return [name, names.filter((member) => member !== 'constructor')];
    }),
  );
}
