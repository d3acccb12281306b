/** Node's `BlockList`: its rules, as the reactor takes them. */

import { BlockList } from 'node:net';
import { isProxy } from 'node:util/types';

import { parseAddress } from '../binding.ts';
import { ADDRESS_BYTES, Family } from '../generated/wire.ts';
import { invalidType } from './errors.ts';

/** IPv4 addresses stand among those of IPv6 from here on. */
const MAPPED = 0xffff_0000_0000n;
const MAPPED_END = 0xffff_ffff_ffffn;

const scratch = new Uint8Array(ADDRESS_BYTES);

/**
 * @internal Ranges of addresses, first and last of each as 16 bytes of IPv6; `undefined` where none is
 * given. What the list says later is not known to them.
 *
 * @throws `ERR_INVALID_ARG_TYPE`
 */
export function checkBlockList(value: unknown): Uint8Array | undefined {
  if (value === undefined) return undefined;
  if (value === null) return new Uint8Array(0);
  if (typeof value !== 'object' || isProxy(value) || !(value instanceof BlockList)) {
    throw invalidType('blockList', "a BlockList of 'node:net', or null", value);
  }
  const ranges = value.rules.flatMap(rangesOf);
  return Buffer.from(ranges.map((number) => number.toString(16).padStart(32, '0')).join(''), 'hex');
}

/** First and last, in turn, of what `Subnet: IPv4 192.0.2.0/24` says, or `Address`, or `Range`. */
function rangesOf(rule: string): bigint[] {
  const [, kind, family, from = '', to = ''] =
    /^(Address|Range|Subnet): (IPv4|IPv6) ([^-/]+)(?:[-/](.+))?$/.exec(rule) ?? [];
  const first = numberOf(from);
  if (kind === 'Address') return [first, first];
  if (kind === 'Subnet') {
    const free = BigInt((family === 'IPv4' ? 32 : 128) - Number(to));
    const start = (first >> free) << free;
    return [start, start + (1n << free) - 1n];
  }
  const last = numberOf(to);
  const isMapped = (number: bigint) => number >= MAPPED && number <= MAPPED_END;
  if (isMapped(first) || isMapped(last)) return [first, last];
  // Node compares no IPv4 address with a range of IPv6.
  return [
    ...(first < MAPPED ? [first, last < MAPPED ? last : MAPPED - 1n] : []),
    ...(last > MAPPED_END ? [first > MAPPED_END ? first : MAPPED_END + 1n, last] : []),
  ];
}

function numberOf(address: string): bigint {
  parseAddress(address, 0, scratch);
  const isFour = scratch[0] === Family.INET;
  const digits = Buffer.from(scratch.subarray(4, isFour ? 8 : 20)).toString('hex');
  return BigInt(`0x${digits}`) + (isFour ? MAPPED : 0n);
}
