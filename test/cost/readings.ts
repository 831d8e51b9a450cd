import { zipOf } from '../v4/archive';

/** An upload of 60 readings of one probe, within its limits, of the last day. */
export const readingsUpload = (firstId: number): Buffer =>
  zipOf({ 'csv/Tbsondes.csv': ['Id,ProbeId,MeasuredAt,Temperature', ...readings(firstId), ''].join('\n') });

const readings = (firstId: number) =>
  Array.from({ length: 60 }, (_, index) => {
    const at = new Date(Date.now() - 86_400_000 + (firstId + index) * 60_000).toISOString();
    return `${firstId + index},P1,${at},3.1`;
  });
