import { anySeed, randomCalls } from './run.ts';

/** So many calls of one process: in another, other channels are there. */
const A_PROCESS = 50_000;

/** Random calls of everything public and of the addon: errors with codes only, and no abort. */
export async function calls(count = 200_000): Promise<boolean> {
  const first = anySeed();
  for (let done = 0; done < count; done += A_PROCESS) {
    const number = Math.min(A_PROCESS, count - done);
    const { seed, code, signal, output } = await randomCalls(number, first + done);
    console.log(`${number} calls, seed ${seed}: ${signal ?? code}\n${output}`);
    if (code !== 0) return false;
  }
  return true;
}
