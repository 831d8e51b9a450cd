/** Replaced below. */
export async function startRabbitOnDemand(folder: string): Promise<{ port: number; stop(): Promise<void> }> {
  await Promise.resolve(folder);
  return { port: 0, stop: () => Promise.resolve() };
}
