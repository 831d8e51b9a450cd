/** An exception of Odoo. JSON-2 sends it with its status, JSON-RPC with 200. */
export class OdooException extends Error {
  constructor(
    readonly className: string,
    message: string,
    readonly status = 500,
  ) {
    super(message);
  }
}

export const valueError = (message: string) => new OdooException('builtins.ValueError', message);
export const keyError = (message: string) => new OdooException('builtins.KeyError', message);
export const userError = (message: string) => new OdooException('odoo.exceptions.UserError', message, 422);
export const validationError = (message: string) =>
  new OdooException('odoo.exceptions.ValidationError', message, 422);
export const accessError = (message: string) =>
  new OdooException('odoo.exceptions.AccessError', message, 403);
export const missingError = (model: string, ids: readonly number[]) =>
  new OdooException(
    'odoo.exceptions.MissingError',
    `Record does not exist or has been deleted.\n(Record: ${model}(${ids.join(', ')},), User: 2)`,
    404,
  );
export const busyError = () =>
  new OdooException(
    'psycopg2.errors.SerializationFailure',
    'could not serialize access due to concurrent update\n',
  );
export const databaseError = (kind: string, message: string) =>
  new OdooException(`psycopg2.errors.${kind}`, message);
export const unprocessable = (message: string) =>
  new OdooException('werkzeug.exceptions.UnprocessableEntity', message, 422);
export const notFound = (message: string) => new OdooException('werkzeug.exceptions.NotFound', message, 404);
