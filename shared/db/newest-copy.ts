/**
 * True of a quarantined item that is newer than the manager's copy. The solution holds it: what is told of the entity
 * would overwrite it. Of entities with one Id the last counts, so one before it is not the newest.
 */
export const isNewestCopy = `q.state = 'open' and q.superseded_at is null and q.kind in ('entity', 'file')
  and q.code <> 'duplicate-id'`;
