/** The class of the advisory locks of jobs. A worker holds the lock of its job until its transaction ends. */
export const jobLocks = 0x6a_6f_62;

/** The second key of the lock of the job with this id. */
export const jobLockKey = (id: string): number => Number(id) % 2 ** 31;
