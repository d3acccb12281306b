// What the types say of classes; compiled, never run.

import { Channel, Client, type CloseInfo, Server, Stream } from 'pants-native';

// @ts-expect-error: abstract
new Channel();

const channels: Channel[] = [new Client(), new Server(), new Stream()];
for (const { fileno, connected, connecting, listening, readyState } of channels) {
  const state: [number | null, boolean, boolean, boolean, string] = [
    fileno,
    connected,
    connecting,
    listening,
    readyState,
  ];
  void state;
}

export class Ending extends Client {
  override onClose({ reason, error, unsentBytes }: CloseInfo): void {
    // @ts-expect-error: there is no such reason
    if (reason === 'because') throw error;
    if (unsentBytes > 0) throw error;
  }
}
