/** The promise's own result where it comes within `ms`; else an error that says what took too long. */
export async function within<T>(ms: number, what: string, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    const end = () => reject(new Error(`${what} took more than ${ms} ms`));
    // A process that was held up comes to its timers first, and only then to what has come meanwhile: that counts.
    timer = setTimeout(() => setImmediate(end), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
