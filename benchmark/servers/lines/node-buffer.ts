// `node:net` tuned by hand, lines as Buffers: one write for each read.

import { serve } from '../node.ts';

const lineFeed = Buffer.from('\n');

serve((socket) => {
  let rest: Buffer | null = null;
  socket.on('data', (received: Buffer) => {
    const chunk = rest === null ? received : Buffer.concat([rest, received]);
    const replies: Buffer[] = [];
    let start = 0;
    for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, start)) {
      onLine(chunk.subarray(start, end), replies);
      start = end + 1;
    }
    rest = start === chunk.length ? null : chunk.subarray(start);
    if (replies.length > 0) socket.write(Buffer.concat(replies));
  });
});

/** What the application does. */
function onLine(line: Buffer, replies: Buffer[]): void {
  replies.push(line, lineFeed);
}
