import AdmZip from 'adm-zip';

/** A zip of these files. */
export function zipOf(files: Record<string, string | Buffer> = {}): Buffer {
  const zip = new AdmZip();
  for (const [name, content] of Object.entries(files)) zip.addFile(name, Buffer.from(content));
  return zip.toBuffer();
}

/** The files of a zip. */
export function unzip(archive: Buffer): Map<string, Buffer> {
  const entries = new AdmZip(archive).getEntries();
  return new Map(entries.map((entry) => [entry.entryName, entry.getData()]));
}

/** A log of fridges with these ids. */
export function fridgeLog(...ids: number[]): string {
  const rows = ids.map((id) => `${id},2026-11-20 07:31:00,Chambre froide ${id},3.${id % 10}`);
  return ['Id,MeasuredAt,FridgeName,Temp', ...rows, ''].join('\r\n');
}
