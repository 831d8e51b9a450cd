/** The result of the promise if it comes within `ms`. Otherwise rejects with an error that names what took too long. */
export async function within<T>(ms: number, what: string, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    const end = () => reject(new Error(`${what} took more than ${ms} ms`));
    // After a delay, a process runs its timers first and then handles what has arrived meanwhile. A result that has
    // arrived counts.
    timer = setTimeout(() => setImmediate(end), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
