import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** A fixture in a process of its own, as the steps of a case see it. */
export class Running {
  readonly child: ChildProcess;
  #waiting = new Map<string, () => void>();

  constructor(child: ChildProcess) {
    this.child = child;
  }

  /** The fixture has printed this line. */
  line(text: string): Promise<void> {
    return new Promise((resolve) => this.#waiting.set(text, resolve));
  }

  printed(line: string): void {
    this.#waiting.get(line)?.();
  }

  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  /** The system has stopped the process: there is no event of it, only its state. */
  async stopped(): Promise<void> {
    while (process.platform === 'linux' && !/^State:\tT/m.test(this.#status)) {
      await new Promise(setImmediate);
    }
  }

  get #status(): string {
    return readFileSync(`/proc/${this.child.pid}/status`, 'utf8');
  }
}
