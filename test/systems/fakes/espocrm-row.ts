export type EspoRow = Record<string, unknown> & { id: string };
