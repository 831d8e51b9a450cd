import type { EloEnd, EloSettings } from '../../../shared/systems/elo';
import type { SystemOpening } from '../remote-system';
import type { IxApi } from './api';

/** An opened ELO, with everything that its calls need. */
export interface Elo {
  readonly settings: EloSettings;
  readonly end: EloEnd;
  readonly opening: SystemOpening;
  readonly api: IxApi;
}
