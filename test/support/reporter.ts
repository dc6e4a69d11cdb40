import Mocha from 'mocha';

/**
 * Dots, and at the end the tests that passed only at the second try, with what the first one said. A test that keeps times
 * may have been short of one beside others; one that is named here again and again is at fault itself.
 */
class Dots extends Mocha.reporters.Dot {
  private readonly tries: { title: string; message: string }[] = [];

  constructor(runner: Mocha.Runner, options: Mocha.MochaOptions) {
    super(runner, options);
    runner.on('retry', (test: Mocha.Test, error: Error) => {
      this.tries.push({ title: test.fullTitle(), message: error.message });
    });
  }

  override epilogue(): void {
    super.epilogue();
    for (const { title, message } of this.tries) {
      console.log(`  tried twice: ${title}\n    ${message.replaceAll('\n', '\n    ')}\n`);
    }
  }
}

export = Dots;
