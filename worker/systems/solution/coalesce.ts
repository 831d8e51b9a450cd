/**
 * Collects the calls of one tick and serves them all with one `run`, as a data loader does: requests for single
 * entities become one statement. Results have the order of the requests.
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
