// What rpc-server.ts and rpc-client.ts say to each other: JSON-RPC 2.0, each message behind its length.
//
//   00 00 00 2f {"jsonrpc":"2.0","id":1,"method":"add","params":[1,2]}

import { lengthPrefix } from 'pants-native';

export const framing = {
  readDelimiter: lengthPrefix({ bytes: 4 }),
  readEncoding: 'utf8',
  // Who announces more is not heard out: the channel closes before any of it is read.
  bufferSize: 1024 * 1024,
};

export type Id = string | number | null;

/** Without an id it is a notification, which nobody answers. */
export interface Call {
  jsonrpc: '2.0';
  id?: Id;
  method: string;
  params?: unknown[];
}

export interface Answer {
  jsonrpc: '2.0';
  id: Id;
  result?: unknown;
  error?: { code: number; message: string };
}

/** An error that the other side is told as it is. */
export class RpcError extends Error {
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

export function frame(message: Call | Answer): Buffer {
  const json = JSON.stringify(message);
  const length = Buffer.byteLength(json);
  const bytes = Buffer.allocUnsafe(4 + length);
  bytes.writeUInt32BE(length);
  bytes.write(json, 4);
  return bytes;
}
