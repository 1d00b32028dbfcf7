import type { ClickHouseSettings } from '@clickhouse/client';

/**
 * Sent with every insert, so that no profile and no default of a version (they changed between 24.7 and 26.3) decides
 * whether a retried insert counts twice. `checkSettings` tries at start whether the user may set them.
 */
export const insertSettings = {
  /** A queue on the server would join inserts into other blocks, which tokens do not cover. */
  async_insert: 0,
  insert_deduplicate: 1,
  /** A retry whose rows the landing table has already must still reach the views that have not got them. */
  deduplicate_blocks_in_dependent_materialized_views: 1,
  /** A view that failed must fail the insert: one that is passed over would never be repaired. */
  materialized_views_ignore_errors: 0,
  /** The answer comes when everything is written, so that its status is the truth. */
  wait_end_of_query: 1,
  /**
   * One insert is one block, in the landing table and behind each view. A token covers a block; an insert cut into
   * blocks could be cut otherwise on a retry (by memory, by threads), and the same token would then name other rows.
   */
  max_insert_block_size: '1000000000',
  min_insert_block_size_rows: '1000000000',
  min_insert_block_size_bytes: '1099511627776',
  /** A planned batch cannot be made smaller, so a limit on its partitions could never be met by trying again. */
  max_partitions_per_insert_block: '0',
  /** Through a Distributed table: the answer comes when every shard has its rows. By default they are put in a queue. */
  distributed_foreground_insert: 1,
  /** Where a row goes is decided by its sorting key alone: a repetition must find it, a correction must meet it. */
  insert_distributed_one_random_shard: 0,
  insert_shard_id: '0',
  /** A type that is not the table's is refused. By default ClickHouse converts, and makes 300 in a UInt8 column 44. */
  input_format_native_allow_types_conversion: 0,
  /** The rows of a batch are written as they come: merging them on the way in costs more than merging parts later. */
  optimize_on_insert: 0,
} as const satisfies ClickHouseSettings;
