// ELO's constants for the members of an entry that are read and written, and for other sets of bits. ELO calls them
// "[…]Z".

/** `SordC.mbAll`: "All members without mbSmallDocumentContent mbPreview". */
export const allMembers = { bset: '2196631817761587199' };

/** The members of the entry are chosen by the inner selector. */
export const editInfo = { bset: allMembers.bset, sordZ: allMembers };

/** `SordC.mbOnlyUnlock`: "Do not store/read any members. Evaluate the lock flag only." */
export const onlyLock = { bset: '0' };

/** `LockC.NO` and `LockC.YES`. (`FORCE` takes away the lock of someone else: it is never sent.) */
export const noLock = { bset: '0' };
export const lock = { bset: '1' };

/** `DocMaskC.mbAll`: "Read or write all elements." */
export const wholeForm = { bset: '4503599627370495' };

/** `CopySordC.MOVE`. */
export const move = { bset: '1' };
