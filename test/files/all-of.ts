/** Everything that an asynchronous iterable gives. (`Array.fromAsync` comes with Node 22.) */
export async function allOf<T>(iterable: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of iterable) all.push(item);
  return all;
}
