import AdmZip from 'adm-zip';

/** A zip of these files as they are: what shrinks too well would be refused. */
export function storedZip(files: Record<string, string | Buffer>): Buffer {
  const zip = new AdmZip();
  for (const [name, content] of Object.entries(files)) {
    zip.addFile(name, Buffer.from(content));
    const entry = zip.getEntry(name);
    if (entry !== null) entry.header.method = 0;
  }
  return zip.toBuffer();
}
