/** What the reading half needs to know of encodings. */

/** Buffer's own decoder, which `toString` comes to after a look at its arguments. */
interface Decoder {
  utf8Slice(from: number, to: number): string;
}

/** @internal The bytes as text; null, and the receiver is told, where no string can be so long. */
export function decode(
  bytes: Buffer,
  from: number,
  to: number,
  encoding: BufferEncoding,
  receiver: { undeliverable(error: Error): void },
): string | null {
  try {
    if (encoding === 'utf8') return (bytes as Buffer & Decoder).utf8Slice(from, to);
    return bytes.toString(encoding, from, to);
  } catch (error) {
    receiver.undeliverable(error as Error);
    return null;
  }
}

/** @internal Whether ASCII bytes are the same text as latin1. */
export function isAsciiCompatible(encoding: BufferEncoding | null): boolean {
  return encoding === 'utf8' || encoding === 'latin1' || encoding === 'ascii';
}

/**
 * @internal How many bytes from `from` on are whole characters: what is left over is the beginning
 * of one, and waits for the rest of it.
 */
export function completeLength(
  bytes: Uint8Array,
  from: number,
  to: number,
  encoding: BufferEncoding | null,
): number {
  const length = to - from;
  switch (encoding?.toLowerCase()) {
    case 'utf8':
    case 'utf-8':
      return length - partialUtf8(bytes, from, to);
    case 'utf16le':
    case 'utf-16le':
    case 'ucs2':
    case 'ucs-2': {
      const units = length - (length % 2);
      // A high surrogate waits for its other half.
      const high = units > 0 && ((bytes[from + units - 1] as number) & 0xfc) === 0xd8;
      return high ? units - 2 : units;
    }
    case 'base64':
    case 'base64url':
      return length - (length % 3);
    default:
      return length;
  }
}

/** How many bytes at the end begin a UTF-8 sequence that is longer than what there is of it. */
function partialUtf8(bytes: Uint8Array, from: number, to: number): number {
  for (let back = 1; back <= 3 && to - back >= from; back += 1) {
    const byte = bytes[to - back] as number;
    if ((byte & 0xc0) === 0x80) continue;
    if (byte < 0xc2 || byte > 0xf4) return 0;
    const needed = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
    return needed > back ? back : 0;
  }
  return 0;
}
