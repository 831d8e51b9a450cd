import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import type { LogLevel } from '../../shared/log';
import type { TimeServer } from '../../worker/outside/sntp';
import { type IniMistake, readIni } from './ini-file';
import { isSosyncSettingName, type SosyncSettingName } from './setting-names';

export type SosyncSettings = z.output<typeof shape>;

/** The parameters of the command line: `--name value`. */
export type SosyncParameters = Readonly<Partial<Record<SosyncSettingName, string>>>;

/**
 * The settings of a file; parameters win. Throws an error that lists all mistakes at once, with file and line or the
 * parameter. `conf` null: only parameters.
 */
export async function readSosyncSettings(
  conf: string | null,
  parameters: SosyncParameters,
): Promise<SosyncSettings> {
  const text = conf === null ? '' : await readFile(conf, 'utf8');
  return settingsFrom({ file: conf ?? '', text }, parameters);
}

export function settingsFrom(
  { file, text }: { readonly file: string; readonly text: string },
  parameters: SosyncParameters,
): SosyncSettings {
  const { entries, mistakes } = readIni(text, 'sosync');
  const unknown = entries
    .filter(({ name }) => !isSosyncSettingName(name))
    .map(({ name, line }) => ({ line, reason: `there is no setting "${name}"` }));
  const given = new Map<string, Given>(
    entries.map(({ name, value, line }) => [name, { value, where: `${file}:${line}`, line }]),
  );
  for (const [name, value] of Object.entries(parameters))
    given.set(name, { value, where: `--${name}`, line: Infinity });
  const parsed = shape.safeParse(
    Object.fromEntries(
      [...given].filter(([, one]) => one.value !== '').map(([name, one]) => [name, one.value]),
    ),
  );
  const ofFile = [...mistakes, ...unknown].map(({ line, reason }: IniMistake) => ({
    line,
    told: `${file}:${line} ${reason}`,
  }));
  const ofValues = parsed.success
    ? []
    : parsed.error.issues
        // Unknown names of a file were already reported with their lines.
        .filter(({ code }) => code !== 'unrecognized_keys')
        .map(({ path, message }) => {
          const name = String(path[0]);
          const { where, line } = given.get(name) ?? { where: file === '' ? `--${name}` : file, line: 0 };
          return {
            line,
            told: where.startsWith('--') ? `${where} ${message}` : `${where} ${name} ${message}`,
          };
        });
  const all = [...ofFile, ...ofValues].sort((one, other) => one.line - other.line);
  if (!parsed.success || all.length > 0) throw new SosyncSettingsError(all.map(({ told }) => told));
  return parsed.data;
}

/** All mistakes in the settings, at once. */
export class SosyncSettingsError extends Error {
  constructor(readonly mistakes: readonly string[]) {
    super(mistakes.join('\n'));
    this.name = 'SosyncSettingsError';
  }
}

interface Given {
  readonly value: string;
  readonly where: string;
  readonly line: number;
}

const text = z.string('is missing').min(1, 'is missing').max(500);
const whole = (least: number, most: number) =>
  z
    .string()
    .regex(/^\d{1,12}$/, `must be a whole number from ${least} to ${most}`)
    .transform(Number)
    .refine((value) => value >= least && value <= most, `must be a whole number from ${least} to ${most}`);

/** The names that other programs use for them. */
const levels: Readonly<Record<string, LogLevel>> = {
  error: 'error',
  critical: 'error',
  fatal: 'error',
  warn: 'warn',
  warning: 'warn',
  info: 'info',
  information: 'info',
  debug: 'debug',
  trace: 'debug',
  verbose: 'debug',
  silent: 'silent',
};

const logLevel = z.string().transform((written, context) => {
  const level = levels[written.toLowerCase()];
  if (level !== undefined) return level;
  context.addIssue('must be error, warn, info, debug or silent');
  return z.NEVER;
});

const ntpPort = 123;
const usualTimeServers = '0.pool.ntp.org, 1.pool.ntp.org, 2.pool.ntp.org, 3.pool.ntp.org';

const timeServers = z.string().transform((written, context): TimeServer[] =>
  written
    .split(/[\s,]+/)
    .filter((one) => one !== '')
    .flatMap((one) => {
      const parts = /^(?:\[([0-9a-f:]+)\]|([^:\s]+))(?::(\d{1,5}))?$/i.exec(one);
      const host = parts?.[1] ?? parts?.[2];
      const port = Number(parts?.[3] ?? ntpPort);
      if (host !== undefined && port >= 1 && port <= 65_535) return [{ host, port }];
      context.addIssue(`names "${one}", which is no host or host:port`);
      return [];
    }),
);

const shape = z.strictObject({
  instance: text,
  port: whole(0, 65_535).default(5050),
  host: text.optional(),
  api_key: text.optional(),
  throttle_ms: whole(0, 3_600_000).default(0),
  max_time_drift_ms: whole(1, 86_400_000 * 400).optional(),
  ntp_host: timeServers.prefault(usualTimeServers),
  db_host: text.optional(),
  db_port: whole(1, 65_535).optional(),
  db_name: text.optional(),
  db_user: text.optional(),
  db_user_pw: text.optional(),
  log_file: text.optional(),
  log_level: logLevel.prefault('info'),
  studio_mssql_host: text.optional(),
  studio_sosync_user: text.optional(),
  studio_sosync_pw: text.optional(),
  online_host: text.optional(),
  online_sosync_user: text.optional(),
  online_sosync_pw: text.optional(),
});

/** The address of our own database. Null: no setting names it, so the environment decides. */
export function databaseUrlFrom(settings: SosyncSettings): string | null {
  const { db_host, db_port, db_name, db_user, db_user_pw, instance } = settings;
  const isSet = [db_host, db_port, db_name, db_user, db_user_pw].some((one) => one !== undefined);
  if (!isSet) return null;
  const user = encodeURIComponent(db_user ?? instance);
  const password = db_user_pw === undefined ? '' : `:${encodeURIComponent(db_user_pw)}`;
  const host = db_host ?? 'localhost';
  // The folder of a socket is in the query.
  const where = host.startsWith('/')
    ? `localhost:${db_port ?? 5432}`
    : `${host.includes(':') ? `[${host}]` : host}:${db_port ?? 5432}`;
  const socket = host.startsWith('/') ? `?host=${encodeURIComponent(host)}` : '';
  return `postgresql://${user}${password}@${where}/${encodeURIComponent(db_name ?? instance)}${socket}`;
}
