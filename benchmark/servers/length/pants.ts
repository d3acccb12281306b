import { lengthPrefix } from 'pants-native';
import { Base, serve } from '../pants.ts';

class Echo extends Base {
  override readDelimiter = lengthPrefix({ bytes: 4 });

  override onRead(body: Buffer): void {
    const length = Buffer.allocUnsafe(4);
    length.writeUInt32BE(body.length);
    this.write(length);
    this.write(body);
  }
}

serve(Echo);
