import { createParamService } from '../../api/backoffice/services/params';
import { findParameterClass } from '../../shared/catalog/parameter-classes';
import { commandLineCaller } from '../../shared/domain/staff';
import type { TestServer } from '../setup/server';
import { openStoreAccess } from '../../shared/stores/store-access';

/** Edits a parameter in the backoffice; fields null: deletes it. */
export async function edit(
  { db }: Pick<TestServer, 'db'>,
  solutionId: number,
  className: string,
  id: string,
  fields: Record<string, unknown> | null,
): Promise<void> {
  const parameterClass = findParameterClass(className);
  if (parameterClass === undefined) throw new Error(`no class ${className}`);
  const service = createParamService(openStoreAccess(db));
  const key = { solutionId, parameterClass, id };
  if (fields === null) await service.delete(commandLineCaller, key, null);
  else await service.put(commandLineCaller, key, fields, null);
}

/** A parameter file as a solution writes it. */
export function parameterFile(className: string, ...entities: Record<string, string>[]): string {
  const items = entities.map((entity) => {
    const fields = Object.entries({ IsActive: 'true', Ts: '2026-11-20 07:31:00', ...entity });
    return `  <Def${className}>${fields.map(([name, value]) => `<${name}>${value}</${name}>`).join('')}</Def${className}>`;
  });
  return `<?xml version="1.0" encoding="utf-8"?>
<ArrayOfDef${className} xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema">
${items.join('\n')}
</ArrayOfDef${className}>`;
}
