import { probeAlertLimits } from '../../shared/domain/probe-alert';

/**
 * SQL: the fridges of a solution by the probe that is in them: `probe_id, name, temp_min, temp_max, delay_minutes,
 * signal_loss_minutes`. If several fridges have the same probe, the oldest one counts. `solutionId`: a binding or a
 * column.
 */
export const fridgesOf = (solutionId: string): string =>
  `select distinct on (fields ->> 'ProbeId') fields ->> 'ProbeId' as probe_id, fields ->> 'Name' as name,
     ${number('TempMin')} as temp_min, ${number('TempMax')} as temp_max,
     cast(coalesce(${number('AlertDelayMinutes')}, ${probeAlertLimits.delayMinutes}) as int) as delay_minutes,
     cast(coalesce(${number('SignalLossMinutes')}, ${probeAlertLimits.signalLossMinutes}) as int) as signal_loss_minutes
   from param
   where solution_id = ${solutionId} and class = 'Fridges' and is_active and fields ->> 'ProbeId' <> ''
   order by fields ->> 'ProbeId', id_server`;

/** Any other text counts as no number. */
const number = (field: string) =>
  `case when jsonb_typeof(fields -> '${field}') = 'number' then cast(fields ->> '${field}' as double precision) end`;
