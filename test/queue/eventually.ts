import { setTimeout as sleep } from 'node:timers/promises';

/** Waits until the condition holds; fails where that takes absurdly long, on a busy machine too. */
export async function eventually(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  const patience = Date.now() + 120_000;
  while (!(await condition())) {
    if (Date.now() > patience) throw new Error(`It never came to pass that ${what}`);
    await sleep(20);
  }
}
