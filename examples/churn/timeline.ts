import pc from 'picocolors';

/** Prints what happens as lines that a person follows: when (host seconds since the start), who, what. */
export class Timeline {
  readonly #write: (line: string) => void;
  readonly #started = performance.now();
  #steps: string[] = [];

  constructor(write: (line: string) => void) {
    this.#write = write;
  }

  heading(title: string, line: string): void {
    this.#write(`\n${pc.bold(title)}  ${pc.dim(line)}`);
  }

  chapter(title: string): void {
    this.#write(`\n${pc.bold(title)}`);
  }

  event(who: string, what: string): void {
    const at = `${((performance.now() - this.#started) / 1000).toFixed(1).padStart(6)} s`;
    this.#write(`${pc.dim(at)}  ${pc.cyan(who.padEnd(8))} ${what}`);
  }

  detail(text: string): void {
    this.#write(`${' '.repeat(19)}${pc.dim(text)}`);
  }

  /** Steps of a run are told on one line, when the run has ended. */
  progress(step: string): void {
    this.#steps.push(step);
  }

  flush(): void {
    const [first = '', ...steps] = this.#steps;
    this.#steps = [];
    if (first !== '') this.event('run', first);
    for (let at = 0; at < steps.length; at += 5) this.detail(steps.slice(at, at + 5).join(' → '));
  }

  end(seconds: number, failures: readonly string[]): void {
    this.#write('');
    for (const failure of failures) this.#write(pc.red(`not as the story goes: ${failure}`));
    if (failures.length === 0)
      this.#write(`${pc.green('The story ended as it should')} after ${seconds.toFixed(0)} s.`);
  }
}
