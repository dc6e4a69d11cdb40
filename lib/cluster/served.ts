/** answers that are kept, and characters of each */
const MOST = 500;
const LONGEST = 8192;

/** Which commands of others are carried out here or have been: their letters may come again. */
export class Served {
  private readonly running = new Set<string>();
  private readonly answers = new Map<string, string>();

  /** that are carried out now */
  get size(): number {
    return this.running.size;
  }

  isRunning(name: string): boolean {
    return this.running.has(name);
  }

  begin(name: string): void {
    this.running.add(name);
  }

  /** @param answer as it is sent; `undefined`: it has not begun, and may come again. @param short in place of a long one */
  end(name: string, answer: string | undefined, short: string): void {
    this.running.delete(name);
    if (answer === undefined) return;
    this.answers.set(name, answer.length > LONGEST ? short : answer);
    const [oldest] = this.answers.keys();
    if (this.answers.size > MOST && oldest !== undefined) this.answers.delete(oldest);
  }

  /** What was answered. */
  answerOf(name: string): string | undefined {
    return this.answers.get(name);
  }
}
