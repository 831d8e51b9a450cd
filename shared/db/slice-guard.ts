/** The job of a pair's slice, as its holder knows it. */
export interface SliceHold {
  /** The id of the job. */
  readonly id: string;
  readonly fence: number;
}

/**
 * Every statement by which a slice writes begins with this. A slice that has lost its job writes nothing. Bindings:
 * `jobId`, `fence`.
 */
export const withGuard = `with guard as materialized (
  select from job where id = :jobId and fence = :fence and state = 'running'
)`;

export const guardBindings = ({ id, fence }: SliceHold) => ({ jobId: id, fence });
