/** The channel on which consumers hear that their lane, the payload, has a new message. */
export const queueChannel = 'epack_queue';

/** The channel on which workers hear that a job that is no sync has been added. */
export const jobAdded = 'epack_job';

/** SQL for the body of a `with`: sends the messages of the jobs that `jobs` selects (`id`, `lane`), in the statement that inserts them. */
export const messagesOf = (jobs: string): string =>
  `insert into queue_message (lane, body)
   select lane, jsonb_build_object('version', 1, 'jobId', id::text) from (${jobs}) made_job returning lane`;

/** SQL for an expression: notifies the consumers, at commit, of the messages that the `with` of this name has sent. */
export const tellOfMessages = (sent: string): string =>
  `select count(pg_notify('${queueChannel}', lane)) from ${sent}`;
