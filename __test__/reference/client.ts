import { Stream, type Target } from './connecting.ts';
import { endpoint } from './options.ts';
import type { ConnectOptions } from './types.ts';

export class Client extends Stream {
  override connect(host: string, port: number, options?: ConnectOptions): this;
  override connect(target: Target, options?: ConnectOptions): this;
  override connect(first: Target, second?: number | ConnectOptions, third?: ConnectOptions): this {
    return typeof first === 'string'
      ? this._connectTo(endpoint(first, second), first, third)
      : super.connect(first, second as ConnectOptions | undefined);
  }
}
