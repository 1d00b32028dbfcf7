import { type ClickHouseClient, queryRows } from './client.ts';

/**
 * The five questions that clinics ask, answered from the views that analysts read: response times, engagement, themes,
 * the clinics compared, and history. Seconds are seconds, months are `YYYY-MM`, null is "not known".
 */
export interface ResponseTimes {
  /** Empty for all clinics together. */
  readonly clinic: string;
  readonly responses: number;
  readonly median: number;
  readonly p90: number;
  /** Medians of the answers sent from 0, 6, 12 and 18 o'clock on, for six hours each, by the clinic's own clock. */
  readonly byPartOfDay: readonly (number | null)[];
}

export interface Engagement {
  /** Empty for all months together. */
  readonly month: string;
  readonly messages: number;
  readonly conversations: number;
  readonly newConversations: number;
  readonly customers: number;
  readonly sessions: number;
  readonly messagesPerConversation: number;
}

/** Urgent ones come first. */
export interface Theme {
  readonly tag: string;
  readonly conversations: number;
  readonly urgent: number;
  readonly sensitive: number;
  readonly clinics: number;
  /** In the last month that is whole: its conversations, the change against the month before, and what that means. */
  readonly monthConversations: number;
  readonly change: number;
  readonly trend: string;
}

export interface ClinicPerformance {
  readonly clinic: string;
  readonly messages: number;
  readonly conversations: number;
  readonly responses: number;
  readonly median: number | null;
  readonly p90: number | null;
  readonly medianFirst: number | null;
  readonly rating: number | null;
  readonly responseRank: number | null;
}

export interface MonthOfHistory {
  readonly month: string;
  readonly messages: number;
  readonly conversations: number;
  readonly clinics: number;
  /** Versions of conversations that began in the month and replaced another. */
  readonly changes: number;
  readonly responses: number;
  readonly meanResponse: number | null;
  /** That of the row before; null without one. */
  readonly previousMeanResponse: number | null;
}

export interface Versions {
  readonly conversations: number;
  readonly versions: number;
  readonly withHistory: number;
}

export interface Answers {
  readonly responseTimes: readonly ResponseTimes[];
  readonly engagement: readonly Engagement[];
  readonly themes: readonly Theme[];
  /** The last month that is whole; empty without data. */
  readonly month: string;
  readonly clinics: readonly ClinicPerformance[];
  readonly history: readonly MonthOfHistory[];
  readonly versions: Versions;
}

/** All answers, each with at most `rowsMax` rows: the largest, or for months the last. */
export async function readAnswers(client: ClickHouseClient, rowsMax: number): Promise<Answers> {
  const ask = <Row>(sql: string) => queryRows<Row>(client, sql, { rowsMax });
  const [responseTimes, engagement, themes, clinics, history, versions, months] = await Promise.all([
    ask<ResponseTimes>(responseTimesSql),
    ask<Engagement>(engagementSql),
    ask<Theme>(themesSql),
    ask<ClinicPerformance>(clinicsSql),
    ask<MonthOfHistory>(historySql),
    ask<Versions>(versionsSql),
    ask<{ month: string }>(`SELECT formatDateTime(${lastWholeMonth}, '%Y-%m') AS month`),
  ]);
  const none: Versions = { conversations: 0, versions: 0, withHistory: 0 };
  const month = months[0]?.month ?? '';
  return { responseTimes, engagement, themes, month, clinics, history, versions: versions[0] ?? none };
}

/** A month that has only begun would seem to fall against the one before. */
const lastWholeMonth = `(SELECT toStartOfMonth(max(date_id) + 1) - INTERVAL 1 MONTH FROM conversations.agg_engagement_daily)`;

/** Medians over everything are exact, from the facts; those by the hour come from the histogram, which knows zones. */
const responseTimesSql = `
  SELECT clinic, responses, median, p90, byPartOfDay FROM
  (
    SELECT
      toString(clinic_code) AS clinic,
      count() AS responses,
      quantileExactInclusive(0.5)(assumeNotNull(response_seconds)) AS median,
      quantileExactInclusive(0.9)(assumeNotNull(response_seconds)) AS p90
    FROM conversations.fact_messages
    WHERE response_seconds IS NOT NULL
    GROUP BY GROUPING SETS ((clinic_code), ())
  ) AS facts
  LEFT JOIN
  (
    SELECT
      toString(clinic_code) AS clinic,
      arrayMap(
        (number, part) -> if(number > 0, part, NULL),
        sumForEach(arrayMap(part -> if(intDiv(hour_of_day, 6) = part, distribution.responses, 0), range(4))),
        [${[0, 1, 2, 3].map(medianOfPart).join(', ')}]
      ) AS byPartOfDay
    FROM conversations.agg_response_distribution AS distribution
    GROUP BY GROUPING SETS ((clinic_code), ())
  ) AS parts USING (clinic)
  ORDER BY clinic != '', responses DESC, clinic
  LIMIT {rowsMax:UInt32} + 1`;

function medianOfPart(part: number): string {
  return `quantileExactWeightedIf(0.5)(bucket_seconds, distribution.responses, intDiv(hour_of_day, 6) = ${part})`;
}

const engagementSql = `
  SELECT
    if(grouping(monthly.month) = 0, formatDateTime(monthly.month, '%Y-%m'), '') AS month,
    sum(monthly.messages) AS messages,
    sum(monthly.active_conversations) AS conversations,
    sum(monthly.new_conversations) AS newConversations,
    sum(monthly.active_customers) AS customers,
    sum(monthly.sessions) AS sessions,
    messages / greatest(if(grouping(monthly.month) = 0, conversations, newConversations), 1) AS messagesPerConversation
  FROM conversations.agg_engagement_monthly AS monthly
  GROUP BY GROUPING SETS ((monthly.month), ())
  HAVING messages > 0
  ORDER BY month != '', month DESC
  LIMIT {rowsMax:UInt32} + 1`;

const themesSql = `
  SELECT
    toString(tag) AS tag,
    sum(themes.conversations) AS conversations,
    sum(themes.urgent_conversations) AS urgent,
    sum(themes.sensitive_conversations) AS sensitive,
    max(themes.clinics) AS clinics,
    sumIf(themes.conversations, themes.month = ${lastWholeMonth}) AS monthConversations,
    sumIf(themes.change, themes.month = ${lastWholeMonth}) AS change,
    anyIf(toString(themes.trend), themes.month = ${lastWholeMonth}) AS trend
  FROM conversations.agg_themes AS themes
  GROUP BY tag
  ORDER BY positionCaseInsensitive(tag, 'urgent') > 0 DESC, conversations DESC, tag
  LIMIT {rowsMax:UInt32} + 1`;

const clinicsSql = `
  SELECT
    if(clinic_name = '', clinic_code, clinic_name) AS clinic,
    messages,
    active_conversations AS conversations,
    responses,
    p50_response_seconds AS median,
    p90_response_seconds AS p90,
    p50_first_response_seconds AS medianFirst,
    mean_rating AS rating,
    response_rank AS responseRank
  FROM conversations.agg_clinic_performance
  WHERE month = ${lastWholeMonth}
  ORDER BY volume_rank, clinic
  LIMIT {rowsMax:UInt32}`;

const historySql = `
  SELECT
    formatDateTime(history.month, '%Y-%m') AS month,
    sum(history.messages) AS messages,
    sum(history.conversations) AS conversations,
    uniqExact(history.clinic_code) AS clinics,
    any(versions.changes) AS changes,
    sum(history.responses) AS responses,
    sum(ifNull(history.mean_response_seconds, 0) * history.responses) / nullIf(responses, 0) AS meanResponse,
    any(meanResponse) OVER (ORDER BY month ROWS BETWEEN 1 PRECEDING AND 1 PRECEDING) AS previousMeanResponse
  FROM conversations.agg_history_monthly AS history
  LEFT JOIN
  (
    SELECT toStartOfMonth(valid_from) AS month, countIf(version > 1) AS changes
    FROM conversations.dim_conversations
    GROUP BY month
  ) AS versions ON versions.month = history.month
  GROUP BY history.month
  ORDER BY history.month DESC
  LIMIT {rowsMax:UInt32}`;

const versionsSql = `
  SELECT count() AS conversations, sum(number) AS versions, countIf(number > 1) AS withHistory
  FROM (SELECT count() AS number FROM conversations.dim_conversations GROUP BY conversation_id)
  WHERE {rowsMax:UInt32} > 0`;
