import { type DestinationStream, type Logger, pino } from 'pino';
import { oneLine } from './output.ts';
import { writeAside } from './progress.ts';

/** Names of fields that hold secrets, wherever they stand in the first levels of a line. */
const secrets = ['password', 'passwd', 'secret', 'token', 'apiKey', 'authorization'];
const redacted = secrets.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]);
const levelNames: Readonly<Record<number, string>> = {
  10: 'trace',
  20: 'debug',
  30: 'info',
  40: 'warn',
  50: 'error',
  60: 'fatal',
};

/** Log lines on standard error: short ones for a person on a terminal, JSON elsewhere. Secrets are left out. */
export function createLogger(level: string): Logger {
  const isPerson = process.stderr.isTTY === true;
  // Written at once: a line that waits in memory would be lost in the crash that it tells of.
  const destination: DestinationStream = isPerson
    ? { write: (line: string) => writeAside(shortLine(line)) }
    : pino.destination({ dest: 2, sync: true });
  return pino(
    {
      level,
      base: {},
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: { paths: redacted, censor: '[redacted]' },
      formatters: { level: (label) => ({ level: label }) },
    },
    destination,
  );
}

/** `12:30:05 warn  orchestrator.* cannot be written (code PARLEY_WAREHOUSE_BUSY)`. */
export function shortLine(line: string): string {
  const { level, time, msg, ...fields } = JSON.parse(line) as Record<string, unknown>;
  const name = typeof level === 'number' ? (levelNames[level] ?? String(level)) : String(level);
  const clock = String(time).slice(11, 19);
  const rest = Object.entries(fields).map(([key, value]) => {
    return `${key} ${typeof value === 'string' ? value : (JSON.stringify(value) ?? '')}`;
  });
  const text = `${clock} ${name.padEnd(5)} ${String(msg ?? '')}${rest.length > 0 ? ` (${rest.join(', ')})` : ''}`;
  return `${oneLine(text)}\n`;
}
