import { type InspectOptionsStylized, inspect } from 'node:util';

/** What `console.log()` shows of a channel, by the names of its properties. */
const STATE = ['readyState', 'fileno', 'localAddr', 'remoteAddr'];
const COUNTERS = ['bytesRead', 'bytesWritten', 'pendingBytes', 'drops'];
const LEFT_OUT = ['server', 'readDelimiter', 'readEncoding', 'bufferSize'];

export function inspectChannel(
  channel: object,
  depth: number,
  options: InspectOptionsStylized,
): string {
  const shown: Record<string, unknown> = {};
  for (const name of STATE) {
    const value: unknown = Reflect.get(channel, name);
    if (value !== null && value !== undefined) shown[name] = readable(value);
  }
  for (const name of COUNTERS)
    if (Reflect.get(channel, name)) shown[name] = Reflect.get(channel, name);
  for (const [name, value] of Object.entries(channel)) {
    if (typeof value === 'function' || LEFT_OUT.includes(name)) continue;
    shown[name] = name === 'channels' ? value.size : value;
  }
  return inspectAs(channel, shown, depth, options);
}

export function inspectAs(
  object: object,
  shown: object,
  depth: number,
  options: InspectOptionsStylized,
): string {
  const name = nameOf(object);
  if (depth < 0) return options.stylize(`[${name}]`, 'special');
  const left = options.depth == null ? options.depth : options.depth - 1;
  return `${name} ${inspect(shown, { ...options, depth: left, breakLength: 160 })}`;
}

export function readable(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !('port' in value)) return value;
  const { address, port } = value as { address: string; port: number };
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

function nameOf(object: object): string {
  const of = Object.getPrototypeOf(object) as object;
  return of.constructor.name || nameOf(of);
}
