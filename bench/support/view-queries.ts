export interface ViewQuery {
  readonly name: string;
  readonly sql: string;
}

const from = (view: string) => `FROM conversations.${view}`;
/** What dashboards and BI tools ask of the views: whole views, one clinic, the last 30 days, a top ten, a count. */
export const viewQueries: readonly ViewQuery[] = [
  ...[
    'agg_response_times',
    'agg_response_distribution',
    'agg_engagement_daily',
    'agg_engagement_weekly',
    'agg_engagement_monthly',
    'agg_themes',
    'agg_themes_weekly',
    'agg_clinic_performance',
    'agg_history_monthly',
    'dim_clinics',
    'dim_clinics_current',
    'dim_message_types',
    'dim_dates',
  ].map((view) => ({ name: `${view}: all`, sql: `SELECT * ${from(view)}` })),
  ...[
    ['agg_response_times', 'month'],
    ['agg_response_distribution', 'month'],
    ['agg_engagement_daily', 'date_id'],
    ['agg_engagement_weekly', 'week'],
    ['agg_engagement_monthly', 'month'],
    ['agg_themes', 'month'],
    ['agg_clinic_performance', 'month'],
    ['agg_history_monthly', 'month'],
  ].flatMap(([view = '', period = '']) => [
    ...(view === 'agg_themes'
      ? []
      : [{ name: `${view}: one clinic`, sql: `SELECT * ${from(view)} WHERE clinic_code = {clinic:String}` }]),
    { name: `${view}: last 30 days`, sql: `SELECT * ${from(view)} WHERE ${period} > {last:Date} - INTERVAL 30 DAY` },
  ]),
  {
    name: 'agg_engagement_daily: messages by clinic, top 10',
    sql: `SELECT clinic_code, sum(messages) AS n ${from('agg_engagement_daily')} GROUP BY clinic_code ORDER BY n DESC LIMIT 10`,
  },
  {
    name: 'agg_response_distribution: p90 by clinic, top 10',
    sql: `SELECT clinic_code, quantileExactWeighted(0.9)(bucket_seconds, responses) AS p90
          ${from('agg_response_distribution')} GROUP BY clinic_code ORDER BY p90 DESC LIMIT 10`,
  },
  ...[
    'fact_messages',
    'fact_sessions',
    'fact_ratings',
    'fact_conversation_tags',
    'dim_conversations',
    'dim_conversations_current',
    'dim_customers',
    'dim_customers_current',
  ].map((view) => ({ name: `${view}: count(*)`, sql: `SELECT count(*) ${from(view)}` })),
  {
    name: 'fact_messages: one clinic, last 30 days, by day',
    sql: `SELECT date_id, count(*) ${from('fact_messages')}
          WHERE clinic_code = {clinic:String} AND date_id > {last:Date} - INTERVAL 30 DAY GROUP BY date_id`,
  },
  {
    name: 'fact_messages: last 30 days, by day',
    sql: `SELECT date_id, count(*) ${from('fact_messages')} WHERE date_id > {last:Date} - INTERVAL 30 DAY GROUP BY date_id`,
  },
  {
    name: 'fact_messages: one clinic, newest 10',
    sql: `SELECT * ${from('fact_messages')} WHERE clinic_code = {clinic:String} ORDER BY message_timestamp DESC LIMIT 10`,
  },
  {
    name: 'fact_messages: by channel and direction, last 30 days',
    sql: `SELECT channel, direction, count(*) AS n ${from('fact_messages')}
          WHERE message_timestamp > toDateTime64({last:Date}, 3, 'UTC') - INTERVAL 30 DAY GROUP BY channel, direction`,
  },
  {
    name: 'fact_sessions: one clinic, last 30 days, by day',
    sql: `SELECT toDate(started_at) AS day, count(*), avg(duration_seconds) ${from('fact_sessions')}
          WHERE clinic_code = {clinic:String} AND started_at > toDateTime64({last:Date}, 3, 'UTC') - INTERVAL 30 DAY
          GROUP BY day`,
  },
  {
    name: 'fact_messages: whole, top 10 clinics',
    sql: `SELECT clinic_code, count(*) AS n ${from('fact_messages')} GROUP BY clinic_code ORDER BY n DESC LIMIT 10`,
  },
  {
    name: 'dim_customers_current: one clinic',
    sql: `SELECT * ${from('dim_customers_current')} WHERE clinic_code = {clinic:String}`,
  },
  {
    name: 'dim_customers_current: top 10',
    sql: `SELECT customer_id, total_conversations ${from('dim_customers_current')} ORDER BY total_conversations DESC LIMIT 10`,
  },
  {
    name: 'dim_conversations_current: by status',
    sql: `SELECT status, count(*) ${from('dim_conversations_current')} GROUP BY status`,
  },
  {
    name: 'dim_conversations_current: one',
    sql: `SELECT * ${from('dim_conversations_current')} WHERE conversation_id = {conversation:String}`,
  },
];
