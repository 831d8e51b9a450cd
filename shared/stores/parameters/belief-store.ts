import type { Db } from '../../db/database';
import { prepared } from '../../db/prepared';
import type { ClassDigest } from '../../formats/class-digest';

/**
 * The expected parameters of a solution, as digests. Triggers update the digests when parameters change, so the cost of
 * reading them does not grow with what is stored.
 */
export function createBeliefStore(db: Db) {
  return {
    /**
     * By class: the digest of the solution's entities once it has carried out the package of a sync. A class is left
     * out if that is not certain or not known.
     */
    async afterPackage(
      solutionId: number,
      syncId: string,
      classes: readonly string[],
    ): Promise<Map<string, ClassDigest>> {
      if (classes.length === 0) return new Map();
      const rows = await beliefAfterPackage(db, { solutionId, syncId, classes });
      return new Map(rows.map(({ class: name, entities, bits }) => [name, { entities, digest: hex(bits) }]));
    },
  };
}

/**
 * Joins the changes of a class since the last call into one row with their sum. Other parts of the same statement still
 * see the rows as they were before.
 */
const joining = `many as (
    select class from param_belief where solution_id = :solutionId and class = any(:classes)
    group by class having count(*) > 1
  ), taken as (
    delete from param_belief b using many where b.solution_id = :solutionId and b.class = many.class returning b.*
  ), joined as (
    insert into param_belief (solution_id, class, entities, unsure, digest)
    select solution_id, class, sum(entities), sum(unsure), bit_xor(digest) from taken group by solution_id, class
  )`;

interface Row {
  class: string;
  entities: number;
  bits: string;
}

const nothing = `cast(repeat('0', 256) as bit(256))`;

const hex = (bits: string): string => BigInt(`0b${bits}`).toString(16).padStart(64, '0');

const beliefAfterPackage = prepared<
  Row,
  { readonly solutionId: number; readonly syncId: string; readonly classes: readonly string[] }
>(
  'belief_after_package',
  `with ${joining}, told as (
           select p.class, p.id, i.fields is not null as lives, i.digest as told_digest,
             p.base_active is true and p.base_digest is not null as lived, p.base_digest,
             p.base_active is true and p.base_digest is null as was_unsure
           from instruction i join param p on p.id_server = i.id_server
           where i.sync_id = :syncId and p.class = any(:classes)
         ), replaced as (
           select substring(file from '^xml/(.*)-r\\.xml$') as class
           from instruction where sync_id = :syncId and entity_id = '' and op = 'r'
         ), change as (
           select class, entities, unsure, digest from param_belief b
           where solution_id = :solutionId and class = any(:classes)
             and not exists (select from replaced where replaced.class = b.class)
           union all
           select class, 0, 0, ${nothing} from replaced where class = any(:classes)
           union all
           select class, cast(lives as int), 0, case when lives then param_digest(id, told_digest) else ${nothing} end
           from told
           union all
           select class, -cast(lived as int), -cast(was_unsure as int),
             case when lived then param_digest(id, base_digest) else ${nothing} end
           from told where not exists (select from replaced where replaced.class = told.class)
         )
         select class, cast(sum(entities) as int) as entities, cast(bit_xor(digest) as text) as bits
         from change
         where not exists (select from param p
           where p.solution_id = :solutionId and p.class = change.class and p.held)
         group by class having sum(unsure) = 0 order by class`,
);
