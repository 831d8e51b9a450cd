/**
 * SQL that is true for a quarantined item that is newer than the manager's copy. The solution has this copy, and an
 * instruction about the entity would overwrite it. If a file has several entities with the same Id, only the last one
 * counts.
 */
export const isNewestCopy = `q.state = 'open' and q.superseded_at is null and q.kind in ('entity', 'file')
  and q.code <> 'duplicate-id'`;
