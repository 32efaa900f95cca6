/**
 * The server's own log: one line a record on standard error, `time level message key=value …`. Values are quoted when
 * they hold blanks. Callers never pass secrets; destination strings go through their own masking first.
 */
export interface Log {
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

export type LogFields = Readonly<Record<string, unknown>>;

/** Writes to `write` (default: standard error). */
export function createLog(write: (line: string) => void = (line) => process.stderr.write(line)): Log {
  const line = (level: string, message: string, fields: LogFields = {}) => {
    const rest = Object.entries(fields).map(([key, value]) => ` ${key}=${show(value)}`);
    write(`${new Date().toISOString()} ${level} ${message}${rest.join('')}\n`);
  };
  return {
    info: (message, fields) => line('INFO', message, fields),
    warn: (message, fields) => line('WARN', message, fields),
    error: (message, fields) => line('ERROR', message, fields),
  };
}

/** Drops everything; for tests that do not look at the log. */
export const silentLog: Log = { info() {}, warn() {}, error() {} };

function show(value: unknown): string {
  const text = value instanceof Error ? (value.stack ?? value.message) : String(value);
  return /[\s"=]/.test(text) ? JSON.stringify(text) : text;
}
