/** The hooks of channels, as their links call them. What they are given is the user's to type. */

import type { StreamSettings } from '../check/options.ts';
import type { Address, CloseInfo, Socket, StreamCallOptions } from '../types.ts';

/** @internal Any of them, to be called with what it takes. */
export type Hook = (...args: unknown[]) => void;

/** @internal */
export interface StreamHooks {
  onConnect(): void;
  onConnectError(error: Error): void;
  onRead(data: never): void;
  onWrite(): void;
  onEnd(rest: never): void;
  onOverflowError(error: never): void;
  onError(error: Error): void;
  onClose(info: CloseInfo): void;
}

/** @internal */
export interface DatagramHooks {
  onListen(): void;
  onConnect(): void;
  onRead(data: never, addr: Address | string | null): void;
  onWrite(): void;
  onOverflowError(error: never): void;
  onError(error: Error): void;
  onClose(info: CloseInfo): void;
}

/** @internal What connections are where nothing else is said: checked once, when the server is told. */
export interface ConnectionDefaults {
  readonly options: StreamCallOptions;
  readonly settings: StreamSettings;
}

/** @internal */
export interface ServerHooks {
  /** The live connections, by descriptor. */
  readonly channels: Map<number, StreamHooks>;
  readonly connectionDefaults: ConnectionDefaults;
  onListen(): void;
  onAccept(socket: Socket<Address | string>, addr: Address | string | null): void;
  onDrop(addr: Address | string | null): void;
  onError(error: Error): void;
  onClose(info: CloseInfo): void;
}
