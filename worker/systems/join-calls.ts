export interface JoinedCalls<Ask, Answer> {
  /** The results have the order of the asks. */
  readonly run: (asks: readonly Ask[]) => Promise<readonly Answer[]>;
  /** True: the error may concern one ask alone, so that each is run by itself. Left out: it concerns all. */
  readonly isOfOne?: (error: unknown) => boolean;
  /** The most asks of one run. */
  readonly most?: number;
}

/**
 * Serves calls of many callers together: the calls of one tick become one `run`, and those that come while it is under
 * way become the next one. So the number of runs does not grow with the number of callers, and a caller that is alone
 * does not wait.
 */
export function joinCalls<Ask, Answer>(joined: JoinedCalls<Ask, Answer>): (ask: Ask) => Promise<Answer> {
  const { most = 1_000 } = joined;
  const waiting: Waiting<Ask, Answer>[] = [];
  let isRunning = false;

  async function runAll(): Promise<void> {
    while (waiting.length > 0) await serve(joined, waiting.splice(0, most));
    isRunning = false;
  }

  return (ask) =>
    new Promise<Answer>((resolve, reject) => {
      waiting.push({ ask, resolve, reject });
      if (isRunning) return;
      isRunning = true;
      setImmediate(() => void runAll());
    });
}

interface Waiting<Ask, Answer> {
  readonly ask: Ask;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}

async function serve<Ask, Answer>(
  joined: JoinedCalls<Ask, Answer>,
  calls: readonly Waiting<Ask, Answer>[],
): Promise<void> {
  try {
    const answers = await joined.run(calls.map(({ ask }) => ask));
    calls.forEach(({ resolve, reject }, place) => {
      const answer = answers[place];
      if (answer === undefined) reject(new Error('a joined call has no result'));
      else resolve(answer);
    });
  } catch (error) {
    if (calls.length > 1 && joined.isOfOne?.(error) === true)
      for (const call of calls) await serve(joined, [call]);
    else for (const { reject } of calls) reject(error);
  }
}
