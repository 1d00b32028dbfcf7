-- Small tables that people write, and what views need of the configuration: a row each. One row of one insert replaces all
-- of a seed at once, on every shard; the views spread it out again. `parley seed` and the start of Parley write here.
CREATE TABLE IF NOT EXISTS assistant.landing_seeds
(
    seed LowCardinality(String) COMMENT 'Name of the seed: tool_categories, or variables.',
    header Array(String) COMMENT 'Names of its columns.',
    cells Array(String) COMMENT 'Its cells, row by row.',
    checksum String COMMENT 'SHA-256 of header and cells, in hexadecimal.',
    origin LowCardinality(String) COMMENT 'shipped with Parley, folder (a person''s own) or configuration.',
    loaded_at DateTime64(3, 'UTC') COMMENT 'When it was loaded.',
    sign Int8 COMMENT '+1: the row is true; -1: it is withdrawn.',
    row_version UInt64 COMMENT 'The row with the largest version of a key holds.'
)
ENGINE = ReplacingMergeTree(row_version)
ORDER BY seed
SETTINGS non_replicated_deduplication_window = 10000
COMMENT 'Storage of seeds. Read assistant.tool_categories and assistant.variables.';

CREATE VIEW IF NOT EXISTS assistant.tool_categories
(
    tool_name String COMMENT 'Tool, spelled as in the entries; one that ends in * stands for all that begin so. Unique.',
    tool_category LowCardinality(String) COMMENT 'Category: file_op, search, shell, agent, planning, network, interaction, or what the file says.',
    tool_description String COMMENT 'What the tool does.',
    operation_kind LowCardinality(String) COMMENT 'What its calls count as: file, search, shell or none.',
    loaded_at DateTime64(3, 'UTC') COMMENT 'When the file was loaded.'
)
AS WITH arrayJoin(range(0, length(cells), greatest(length(header), 1))) AS at
SELECT
    cells[at + indexOf(header, 'tool_name')] AS tool_name,
    cells[at + indexOf(header, 'tool_category')] AS tool_category,
    cells[at + indexOf(header, 'tool_description')] AS tool_description,
    multiIf(
        cells[at + indexOf(header, 'operation_kind')] != '', cells[at + indexOf(header, 'operation_kind')],
        tool_category = 'file_op', 'file',
        tool_category IN ('search', 'shell'), tool_category,
        'none') AS operation_kind,
    loaded_at
FROM assistant.landing_seeds FINAL
WHERE seed = 'tool_categories' AND sign = 1
COMMENT 'The seed tool_categories: what `seeds/tool_categories.csv`, or a file of your own, says.';

-- Always one row, so that other views can read it as a scalar, also before anything was loaded.
CREATE VIEW IF NOT EXISTS assistant.variables
(
    start_date Date COMMENT 'First day of dim_date and agg_daily_summary (configuration key assistant.startDate).',
    end_date Date COMMENT 'Last day of dim_date (configuration key assistant.endDate).',
    time_zone String COMMENT 'Zone of every day and hour in this database (configuration key assistant.timeZone); UTC when this server does not know it.'
)
AS SELECT
    ifNull(toDateOrNull(max(if(entry.1 = 'start_date', entry.2, ''))), toDate('2024-01-01')) AS start_date,
    ifNull(toDateOrNull(max(if(entry.1 = 'end_date', entry.2, ''))), toDate('2099-12-31')) AS end_date,
    if(max(if(entry.1 = 'time_zone', entry.2, '')) AS wanted IN (SELECT time_zone FROM system.time_zones), wanted, 'UTC') AS time_zone
FROM
(
    WITH arrayJoin(range(0, length(cells), greatest(length(header), 1))) AS at
    SELECT (cells[at + 1], cells[at + 2]) AS entry
    FROM assistant.landing_seeds FINAL
    WHERE seed = 'variables' AND sign = 1
) AS entries
COMMENT 'What these views take from the configuration: one row.';

CREATE DICTIONARY IF NOT EXISTS assistant.tool_category
(
    tool_name String,
    tool_category String DEFAULT 'unknown',
    tool_description String DEFAULT '',
    operation_kind String DEFAULT 'none'
)
PRIMARY KEY tool_name
SOURCE(CLICKHOUSE(
    NAME parley
    QUERY 'SELECT tool_name, tool_category, tool_description, operation_kind FROM assistant.tool_categories'
    INVALIDATE_QUERY 'SELECT max(row_version) FROM assistant.landing_seeds'))
LAYOUT(COMPLEX_KEY_HASHED())
LIFETIME(MIN 5 MAX 15)
COMMENT 'The seed tool_categories for queries of your own, at most 15 seconds behind. Columns: tool_name (key), tool_category (unknown when there is none), tool_description, operation_kind. Names that end in * are matched by dim_tools only. Example: SELECT dictGet(''assistant.tool_category'', ''tool_category'', tuple(tool_name)) FROM assistant.stg_tool_calls';
