/** Asks a worker for its figures. Null: it is asked by whoever wants them. */
export function readWorkerMetrics(url: string | null, token: string | null): (() => Promise<string>) | null {
  if (url === null) return null;
  return async () => {
    const answer = await fetch(url, {
      headers: token === null ? {} : { Authorization: `Bearer ${token}` },
      signal: AbortSignal.timeout(2_000),
    });
    if (!answer.ok) throw new Error(`the worker's metrics: ${answer.status}`);
    return answer.text();
  };
}
