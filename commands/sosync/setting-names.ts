/** The settings of `epack sosync`: names of its file, and of its parameters. */
export const sosyncSettingNames = {
  instance: 'the name of the instance, as the pair file has it',
  port: 'the port that callers use (5050)',
  host: 'the address to listen on; by default all of IPv4, and loopback',
  api_key: 'what callers have to send as X-Api-Key; without it, whoever reaches the port may call',
  throttle_ms: 'a job takes at least so many milliseconds (0)',
  max_time_drift_ms: 'jobs pause while the clock is further off; without it, nothing pauses them',
  ntp_host: 'NTP servers, host or host:port, with commas between them',
  db_host: 'the server of our own database; without any db_ setting, DATABASE_URL',
  db_port: 'its port (5432)',
  db_name: 'its name (the name of the instance)',
  db_user: 'the user (the name of the instance)',
  db_user_pw: 'the password',
  log_file: 'a file for the log, opened again at SIGHUP; without it, standard output',
  log_level: 'error, warn, info, debug or silent (info)',
  studio_mssql_host: 'replaces the host of the system fs',
  studio_sosync_user: 'replaces its user',
  studio_sosync_pw: 'replaces its password',
  online_host: 'replaces the address of the system fso',
  online_sosync_user: 'replaces its user',
  online_sosync_pw: 'replaces its password or API key',
} as const;

export type SosyncSettingName = keyof typeof sosyncSettingNames;

export const isSosyncSettingName = (name: string): name is SosyncSettingName =>
  Object.hasOwn(sosyncSettingNames, name);
