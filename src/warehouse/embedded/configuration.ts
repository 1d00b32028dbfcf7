import { createHash } from 'node:crypto';
import { totalmem } from 'node:os';
import type { ServerFolder } from './folder.ts';
import { xml } from './xml.ts';

/** The user that Parley writes with. */
export const WRITER = 'parley';
/** The user for BI tools: reads everything, changes nothing, needs no password. */
export const READER = 'bi';

const serverMemoryRatio = 0.5;
const loopback = { ip: ['127.0.0.1', '::1'] };

/** ClickHouse's server configuration: a small server that shares two cores and its memory with a Node process. */
export function serverConfiguration(folder: ServerFolder, password: string, syncInserts: boolean): string {
  return xml('clickhouse', {
    logger: { level: 'information', log: folder.log, size: '10M', count: 2 },
    user_directories: { users_xml: { path: folder.users } },
    // Dictionaries read through a named collection, so that no migration holds a password or needs a usable `default`.
    named_collections: { parley: { user: WRITER, password } },
    max_server_memory_usage_to_ram_ratio: serverMemoryRatio,
    mark_cache_size: 256 * 1024 * 1024,
    index_mark_cache_size: 64 * 1024 * 1024,
    primary_index_cache_size: 64 * 1024 * 1024,
    uncompressed_cache_size: 0,
    max_thread_pool_size: 1000,
    max_connections: 256,
    // Above the idle time of @clickhouse/client (2.5 s), which would otherwise meet sockets that are just being closed.
    keep_alive_timeout: 10,
    // Merges take two threads, of the usual sixteen. The thresholds below count free places of that pool (two threads,
    // ratio two): with their usual values of 8 to 25 no mutation would ever start.
    background_pool_size: 2,
    background_merges_mutations_concurrency_ratio: 2,
    background_schedule_pool_size: 16,
    merge_tree: {
      number_of_free_entries_in_pool_to_lower_max_size_of_merge: 2,
      number_of_free_entries_in_pool_to_execute_mutation: 2,
      number_of_free_entries_in_pool_to_execute_optimize_entire_partition: 2,
      fsync_after_insert: Number(syncInserts),
      fsync_part_directory: Number(syncInserts),
    },
    send_crash_reports: { enabled: 0 },
    http_handlers: { rule: httpRules },
  });
}

/**
 * Who may ask over HTTP. `bi` needs no password, and a page of any site can have a browser on this machine send requests to
 * its ports; ClickHouse lets every request say that any site may read the answer (add_http_cors_header, which its own page
 * /play sends). So questions are taken only from programs (no Origin) and from pages of this machine, under a name of
 * this machine: a foreign name that was made to lead here (DNS rebinding) shows in Host.
 *
 * There are no default handlers beside these: they would take a question on any path.
 */
const local = '(127\\.0\\.0\\.1|localhost|\\[::1\\])(:\\d+)?';
const questions = 'regex:^/(query/?)?(\\?.*)?$';
const httpRules = [
  {
    url: questions,
    headers: { Host: `regex:^${local}$`, Origin: `regex:^(https?://${local})?$` },
    handler: { type: 'dynamic_query_handler', query_param_name: 'query' },
  },
  {
    url: questions,
    handler: {
      type: 'static',
      status: 403,
      response_content: 'Only programs and pages of this machine may ask here.\n',
    },
  },
  ...['ping', 'play', 'dashboard', 'binary', 'merges', 'replicas_status'].map((page) => ({
    url: `regex:^/${page}(/.*)?(\\?.*)?$`,
    handler: { type: page },
  })),
  // What those pages load; ClickHouse wants their addresses as they are.
  ...['/js/uplot.js', '/js/lz-string.js'].map((url) => ({ url, handler: { type: 'js' } })),
];

/**
 * Who may do what. All users are bound to the loopback interface.
 *
 * `default` has to exist, because the engine opens its ports as that user, from 127.0.0.1 and without a password. Its
 * profile allows one session, which the engine itself holds for as long as it lives, so nobody else can be `default`;
 * and it has no right to data.
 */
export function usersConfiguration(password: string): string {
  const passwordHash = createHash('sha256').update(password).digest('hex');
  return xml('clickhouse', {
    profiles: {
      // Also what the engine's own work runs with. The engine is `clickhouse local`, which turns the first two on.
      // `readonly` stands in each, so that no reader can leave its own constraints with SET profile.
      default: { readonly: 0, allow_introspection_functions: 0, implicit_select: 0, ...oneCopy },
      engine: { readonly: 0, max_sessions_for_user: 1 },
      [WRITER]: { readonly: 0, allow_introspection_functions: 0, implicit_select: 0, ...oneCopy },
      [READER]: {
        // 2: settings can be changed, as BI tools do on connecting, but not this one.
        readonly: 2,
        allow_ddl: 0,
        allow_introspection_functions: 0,
        implicit_select: 0,
        max_execution_time: 60,
        // Half of the server's, so that heavy questions cannot take the memory that inserts need.
        max_memory_usage_for_user: Math.floor(memoryBytes() * serverMemoryRatio * 0.5),
        constraints: Object.fromEntries(fixedForReaders.map((setting) => [setting, { const: '' }])),
      },
    },
    quotas: { default: '' },
    users: {
      default: {
        no_password: '',
        networks: { ip: '127.0.0.1' },
        profile: 'engine',
        quota: 'default',
        grants: {
          query: [
            'GRANT SYSTEM LISTEN ON *.*',
            'GRANT CREATE ARBITRARY TEMPORARY TABLE ON *.*',
            'GRANT TABLE ENGINE ON File',
          ],
        },
      },
      [WRITER]: {
        password_sha256_hex: passwordHash,
        networks: loopback,
        profile: WRITER,
        quota: 'default',
      },
      [READER]: {
        no_password: '',
        networks: loopback,
        profile: READER,
        quota: 'default',
        // Reading files, URLs and other servers needs rights of their own, which are not given. The database `default`
        // of `clickhouse local` shows the file system.
        grants: {
          query: ['GRANT SELECT ON *.*', 'GRANT dictGet ON *.*', 'REVOKE SELECT ON default.*'],
        },
      },
    },
  });
}

/**
 * What a reader cannot change, beside `readonly`: what is for writers, its share of the memory, and the formats' settings
 * that name a file (the engine, being `clickhouse local`, would open any) or an address that the server would ask.
 * deploy/clickhouse/users.d/parley.xml has the same; a test holds the two equal.
 */
export const fixedForReaders = [
  'allow_ddl',
  'allow_introspection_functions',
  'max_memory_usage_for_user',
  'format_template_resultset',
  'format_template_row',
  'format_schema',
  'format_avro_schema_registry_url',
] as const;

/**
 * The function `file`, which `clickhouse local` lets every user call on every file that the process can read: the
 * password of `parley`, too. No right guards it there. A function of SQL goes before one of the engine when it is found
 * in the engine's folder at its start (CREATE FUNCTION would refuse the name).
 */
export const fileFunction = {
  path: ['user_defined', 'function_file.sql'],
  sql: "CREATE FUNCTION file AS path -> throwIf(materialize(1), 'Not enough privileges: files cannot be read here')\n",
} as const;

/** A repeated insert leaves one copy, in the table and behind its views. The defaults differ between versions. */
const oneCopy = {
  async_insert: 0,
  insert_deduplicate: 1,
  deduplicate_blocks_in_dependent_materialized_views: 1,
};

/** What the machine has, or what its container may use. */
function memoryBytes(): number {
  const constrained = process.constrainedMemory();
  return constrained > 0 ? Math.min(constrained, totalmem()) : totalmem();
}
