import { inspect } from 'node:util';

import { typeError } from './errors.ts';
import { isReadable } from './values.ts';

const STREAM = [
  ...['noDelay', 'keepAlive', 'recvBufferSize', 'sendBufferSize', 'allowHalfOpen'],
  ...['userTimeout', 'typeOfService'],
  ...['readDelimiter', 'readEncoding', 'bufferSize', 'highWaterMark', 'maxPendingBytes'],
  ...['idleTimeout', 'frameTimeout', 'lingerTimeout'],
];
const UNIX_CLIENT = [...STREAM, 'connectTimeout', 'signal'];
const CLIENT = [...UNIX_CLIENT, 'localAddress', 'localPort', 'family', 'lookup'];
const LISTENER = [...STREAM, 'backlog', 'maxConnections', 'signal'];
const DATAGRAM = [
  ...['family', 'readDelimiter', 'readEncoding', 'bufferSize', 'maxSenders', 'highWaterMark'],
  ...['maxPendingBytes', 'lingerTimeout', 'reuseAddr', 'reusePort', 'ipv6Only', 'broadcast'],
  ...['recvBufferSize', 'sendBufferSize', 'mode', 'lookup', 'signal'],
];

/** Which options each place takes. */
export const names = {
  connection: [...STREAM, 'engine'],
  client: CLIENT,
  unixClient: UNIX_CLIENT,
  server: [...LISTENER, 'ipv6Only', 'reusePort', 'blockList'],
  unixServer: [...LISTENER, 'mode'],
  datagram: DATAGRAM,
  keepAlive: ['idle', 'interval', 'count'],
  lengthPrefix: ['bytes', 'endian', 'adjust'],
};

/** What only constructors take. */
export const MADE_WITH = ['engine', 'fd', 'ConnectionClass'];
/** What addresses have. */
export const ADDRESS = ['host', 'address', 'port', 'family', 'path'];

export function checkNames(options: object, ...known: string[][]): void {
  if (!isReadable(options) || Array.isArray(options)) {
    throw typeError('options', 'an object', options);
  }
  const all = known.flat();
  const name = Object.keys(options).find((key) => !all.includes(key));
  if (name === undefined) return;
  const edits = (other: string) => distance(name.toLowerCase(), other.toLowerCase());
  const [near = ''] = [...all].sort((a, b) => edits(a) - edits(b));
  const isNear = edits(near) <= Math.min(3, name.length / 2);
  const hint = isNear ? `did you mean '${near}'?` : `known are ${all}`;
  const error = new TypeError(`unknown option ${inspect(name)}; ${hint}`);
  throw Object.assign(error, { code: 'ERR_UNKNOWN_OPTION' });
}

/** Levenshtein's. */
export function distance(from: string, to: string): number {
  let row = [...to, ''].map((_, at) => at);
  for (const [index, char] of [...from].entries()) {
    const next = [index + 1];
    for (let at = 0; at < to.length; at += 1) {
      const [kept = 0, dropped = 0] = row.slice(at);
      next.push(Math.min(kept + (char === to[at] ? 0 : 1), dropped + 1, (next[at] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
