import type { Check } from './check';
import { archiveChecks } from './checks/archives';
import { confirmChecks } from './checks/confirm';
import { conventionChecks } from './checks/conventions';
import { handshakeChecks } from './checks/handshake';
import { loginChecks, loginLimitCheck } from './checks/login';
import { packageChecks } from './checks/package';
import { photoChecks } from './checks/photos';
import { processingChecks } from './checks/processing';
import { resumableChecks } from './checks/resumable';
import { strangerChecks } from './checks/strangers';
import { uploadChecks } from './checks/upload';

/** All checks, in the order in which they run. */
export const checks: readonly Check[] = [
  ...loginChecks,
  ...conventionChecks,
  ...handshakeChecks,
  ...uploadChecks,
  ...archiveChecks,
  ...packageChecks,
  ...confirmChecks,
  ...resumableChecks,
  ...processingChecks,
  ...photoChecks,
  ...strangerChecks,
  loginLimitCheck,
];
