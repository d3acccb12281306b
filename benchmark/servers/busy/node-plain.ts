import { serve } from '../node.ts';
import { loopState, work } from './work.ts';

serve((socket) => {
  let rest = '';
  socket.setEncoding('utf8');
  socket.on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      work();
      socket.write(`${line}\n`);
    }
  });
}, loopState);
