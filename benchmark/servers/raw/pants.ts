// Bytes as they arrive, with back-pressure.

import { Base, serve } from '../pants.ts';

class Echo extends Base {
  override onRead(data: Buffer): void {
    if (!this.write(data)) this.pause();
  }

  override onWrite(): void {
    this.resume();
  }
}

serve(Echo);
