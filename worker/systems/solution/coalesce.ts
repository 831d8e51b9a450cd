/**
 * Collects the calls of one tick and answers them all with one `run`, as a data loader does: what is asked for
 * entity by entity becomes one statement. Answers come in the order of the asks.
 */
export function coalesce<Ask, Answer>(
  run: (asks: readonly Ask[]) => Promise<readonly Answer[]>,
): (ask: Ask) => Promise<Answer> {
  let waiting: Waiting<Ask, Answer>[] = [];
  return (ask) =>
    new Promise<Answer>((resolve, reject) => {
      if (waiting.length === 0) setImmediate(flush);
      waiting.push({ ask, resolve, reject });
    });

  function flush(): void {
    const calls = waiting;
    waiting = [];
    run(calls.map(({ ask }) => ask)).then(
      (answers) => {
        answers.forEach((answer, index) => calls[index]?.resolve(answer));
      },
      (error: unknown) => {
        for (const { reject } of calls) reject(error instanceof Error ? error : new Error(String(error)));
      },
    );
  }
}

interface Waiting<Ask, Answer> {
  readonly ask: Ask;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: Error) => void;
}
