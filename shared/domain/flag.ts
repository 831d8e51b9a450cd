/** Special synchronisations that staff ask for. Source: ePack V4, Special synchronisations. */
export const flags = [
  'replace-from-manager',
  'replace-from-solution',
  'resend-logs',
  'resend-params',
  'rebuild-photo-index',
  'reset-status',
] as const;
export type Flag = (typeof flags)[number];
