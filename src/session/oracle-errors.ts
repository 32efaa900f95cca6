import { errorRow, ObError } from '../base/errors.ts';

/**
 * An error as a tenant of Oracle mode tells it: under its own ORA number, or as internal error 600 with the code and the
 * text.
 */
export function oracleError(error: ObError): ObError {
  if (error.message.startsWith('ORA-')) return error;
  const own = errorRow(error.symbol).oracle;
  const text =
    own === undefined
      ? `ORA-00600: internal error code, arguments: ${error.code}, ${error.message}`
      : `${own}: ${error.message}`;
  return new ObError(error.symbol, text, error);
}
