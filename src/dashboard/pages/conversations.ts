import type { ColumnSpec, DomainPages, Page, Unit } from '../contract.ts';
import { businessResponses, waitingNow } from './waiting.ts';

function column(name: string, label: string, unit: Unit): ColumnSpec {
  return { column: name, label, unit };
}

const p50 = column('p50_response_seconds', 'Median', 'seconds');
const p90 = column('p90_response_seconds', '90 % within', 'seconds');
const responses = column('responses', 'Responses', 'count');
const messages = column('messages', 'Messages', 'count');
const sessions = column('sessions', 'Sessions', 'count');
const begun = column('new_conversations', 'Conversations begun', 'count');
const day = column('date_id', 'Day (UTC)', 'time');
const week = column('week', 'Week from', 'time');
const month = column('month', 'Month', 'time');
const clinic = column('clinic', 'Clinic', 'text');
const hour = column('hour_of_day', 'Hour of the day', 'text');

const responseIs =
  'A response is a message of a clinic that answers a customer; its time counts from the first message that was not yet answered.';
const quantilesAre = 'Median and 90 % are exact below 50 seconds, else at most 2 % off.';

const overview: Page = {
  path: 'conversations/overview',
  title: 'Overview',
  question: 'How much was written, how fast was it answered, and what was it about?',
  filters: ['days', 'clinic'],
  panels: [
    {
      kind: 'figures',
      title: 'In these days',
      note: `${responseIs} A conversation is begun by its first message. A silence of more than 30 minutes ends a session.`,
      query: 'overview',
      width: 'full',
      figures: [
        messages,
        begun,
        sessions,
        responses,
        column('p50_response_seconds', 'Median response', 'seconds'),
        column('p50_first_response_seconds', 'Median first response', 'seconds'),
        column('urgent_conversations', 'Urgent conversations', 'count'),
        column('mean_rating', 'Mean rating', 'rating'),
      ],
    },
    {
      kind: 'lines',
      title: 'Messages by day',
      note: 'From customers (in) and from clinics (out), by the day in UTC on which they were sent.',
      query: 'activity-by-day',
      x: day,
      y: [column('in_messages', 'From customers', 'count'), column('out_messages', 'From clinics', 'count')],
    },
    {
      kind: 'lines',
      title: 'Response time by day',
      note: `${quantilesAre} By the day on which the response was sent.`,
      query: 'response-by-day',
      x: day,
      y: [p50, p90],
    },
    {
      kind: 'bars',
      title: 'Clinics with most messages',
      note: 'Messages in both directions.',
      query: 'engagement-by-clinic',
      x: clinic,
      y: [messages],
    },
    {
      kind: 'bars',
      title: 'Most frequent themes',
      note: 'Conversations that first had the tag in these days. A conversation with two tags is in both.',
      query: 'themes',
      x: column('tag', 'Tag', 'text'),
      y: [column('conversations', 'Conversations', 'count')],
    },
  ],
};

const responseTimes: Page = {
  path: 'conversations/response-times',
  title: 'Response times',
  question: 'How fast do clinics answer: which, at what time, and what kind of message?',
  filters: ['days', 'clinic', 'channel'],
  panels: [
    {
      kind: 'figures',
      title: 'All responses',
      note: `${responseIs} The mean is exact. ${quantilesAre}`,
      query: 'response-times',
      width: 'full',
      figures: [
        responses,
        p50,
        p90,
        column('mean_response_seconds', 'Mean', 'seconds'),
        column('p50_first_response_seconds', 'Median first response', 'seconds'),
        column('within_hour_percent', 'Within an hour', 'percent'),
      ],
    },
    {
      kind: 'bars',
      title: 'By clinic',
      note: 'Median response time; the clinics with most responses first.',
      query: 'response-by-clinic',
      x: clinic,
      y: [p50],
    },
    {
      kind: 'bars',
      title: 'By hour of the day',
      note: "Median, by the hour at which the response was sent on the clinic's own clock (UTC when its time zone is unknown).",
      query: 'response-by-hour',
      x: hour,
      y: [p50],
    },
    {
      kind: 'grid',
      title: 'By weekday and hour',
      note: "Median response time, on the clinic's own clock.",
      query: 'response-by-weekday',
      width: 'full',
      x: hour,
      y: column('weekday', 'Weekday', 'text'),
      value: p50,
    },
    {
      kind: 'bars',
      title: 'How long it took',
      note: 'Share of all responses.',
      query: 'response-distribution',
      x: column('took', 'Took', 'text'),
      y: [column('share_percent', 'Responses', 'percent')],
    },
    {
      kind: 'lines',
      title: 'By day',
      note: 'By the day in UTC on which the response was sent.',
      query: 'response-by-day',
      x: day,
      y: [p50, p90],
    },
    {
      kind: 'table',
      title: 'By message type and channel',
      note: 'The type and channel of the response itself.',
      query: 'response-by-type',
      columns: [
        column('message_type', 'Message type', 'text'),
        column('channel', 'Channel', 'text'),
        responses,
        p50,
        p90,
        column('mean_response_seconds', 'Mean', 'seconds'),
      ],
    },
    {
      kind: 'table',
      title: 'Every clinic',
      query: 'response-by-clinic',
      columns: [
        clinic,
        responses,
        p50,
        p90,
        column('p50_first_response_seconds', 'Median first response', 'seconds'),
        column('within_hour_percent', 'Within an hour', 'percent'),
      ],
    },
  ],
};

const engagement: Page = {
  path: 'conversations/engagement',
  title: 'Engagement',
  question: 'How often and how much do customers and clinics write to each other?',
  filters: ['days', 'clinic'],
  panels: [
    {
      kind: 'lines',
      title: 'Conversations by day',
      note: 'Active: with a message on the day, exact. Begun: whose first message is on the day.',
      query: 'activity-by-day',
      width: 'full',
      x: day,
      y: [column('active_conversations', 'Active', 'count'), column('new_conversations', 'Begun', 'count')],
    },
    {
      kind: 'lines',
      title: 'Active conversations by week',
      note: 'Whole weeks, from Monday in UTC. A conversation that is active on several days counts once a week.',
      query: 'engagement-by-week',
      x: week,
      y: [
        column('active_conversations', 'Active conversations', 'count'),
        column('active_customers', 'Active customers', 'count'),
      ],
    },
    {
      kind: 'bars',
      title: 'Clinics by level of engagement',
      note: 'Whole weeks. High from 10 messages for each active conversation of the week, Medium from 5, else Low.',
      query: 'engagement-levels',
      x: week,
      y: [column('clinics', 'Clinics', 'count')],
      series: 'level',
    },
    {
      kind: 'table',
      title: 'By month',
      note: 'Whole months in UTC. Customers are counted to about 0.5 %; one with two clinics counts at both.',
      query: 'engagement-by-month',
      columns: [
        month,
        messages,
        column('active_conversations', 'Active conversations', 'count'),
        begun,
        column('active_customers', 'Active customers', 'count'),
        column('messages_per_conversation', 'Messages each conversation', 'ratio'),
        column('conversations_per_customer', 'Conversations each customer', 'ratio'),
      ],
    },
    {
      kind: 'bars',
      title: 'How many conversations customers have had',
      note: 'All customers as they are now: the days do not narrow this.',
      query: 'conversation-frequency',
      x: column('conversations', 'Conversations', 'text'),
      y: [column('customers', 'Customers', 'count')],
    },
    {
      kind: 'table',
      title: 'By clinic',
      note: 'Messages for each conversation and day on which it was active. High from 10, Medium from 5, else Low.',
      query: 'engagement-by-clinic',
      width: 'full',
      columns: [
        clinic,
        messages,
        column('in_messages', 'From customers', 'count'),
        column('out_messages', 'From the clinic', 'count'),
        begun,
        sessions,
        column('messages_per_conversation', 'Messages each conversation and day', 'ratio'),
        column('level', 'Level', 'text'),
      ],
    },
  ],
};

const themes: Page = {
  path: 'conversations/themes',
  title: 'Themes and urgent topics',
  question: 'What is it about, what is urgent, and what is growing?',
  filters: ['days', 'clinic'],
  panels: [
    {
      kind: 'table',
      title: 'Themes',
      note: 'Conversations that first had the tag in these days, and how many were urgent or sensitive then. The trend compares the last whole month of the days with the month before: Rising from 20 % more, Falling from 20 % less, New when there was none.',
      query: 'themes',
      width: 'full',
      columns: [
        column('tag', 'Tag', 'text'),
        column('conversations', 'Conversations', 'count'),
        column('urgent_conversations', 'Urgent', 'count'),
        column('sensitive_conversations', 'Sensitive', 'count'),
        column('clinics', 'Clinics', 'count'),
        column('month_conversations', 'Last whole month', 'count'),
        column('change', 'Change', 'count'),
        column('trend', 'Trend', 'text'),
      ],
    },
    {
      kind: 'lines',
      title: 'The six most frequent, by week',
      note: 'Conversations that first had the tag in the week.',
      query: 'themes-by-week',
      x: week,
      y: [column('conversations', 'Conversations', 'count')],
      series: 'tag',
    },
    {
      kind: 'lines',
      title: 'Urgent and sensitive, by week',
      note: 'Conversations that got a tag in the week while they were urgent or sensitive, by flag or by tag; each once.',
      query: 'urgent-by-week',
      x: week,
      y: [column('urgent_conversations', 'Urgent', 'count'), column('sensitive_conversations', 'Sensitive', 'count')],
    },
    {
      kind: 'table',
      title: 'Urgent now',
      note: 'Conversations that are urgent as they are now and last changed in these days; at most 50.',
      query: 'urgent-conversations',
      width: 'full',
      columns: [
        column('since', 'Since', 'time'),
        clinic,
        column('conversation_id', 'Conversation', 'text'),
        column('status', 'Status', 'text'),
        column('tags', 'Tags', 'text'),
      ],
    },
  ],
};

const clinics: Page = {
  path: 'conversations/clinics',
  title: 'Clinics compared',
  question: 'Which clinic has the most work, answers fastest, and satisfies its customers?',
  filters: ['days', 'clinic'],
  panels: [
    {
      kind: 'bars',
      title: 'Volume',
      note: 'Messages in both directions.',
      query: 'clinics-compared',
      x: clinic,
      y: [messages],
    },
    {
      kind: 'bars',
      title: 'Response time',
      note: `Median. ${quantilesAre}`,
      query: 'clinics-compared',
      x: clinic,
      y: [p50],
    },
    {
      kind: 'bars',
      title: 'Satisfaction',
      note: 'Mean of the ratings given in these days, 1 to 5; of each conversation the one given last.',
      query: 'clinics-compared',
      x: clinic,
      y: [column('mean_rating', 'Mean rating', 'rating')],
    },
    {
      kind: 'lines',
      title: 'Response time by month',
      note: 'Median, in whole months; the six clinics with most messages.',
      query: 'clinics-by-month',
      x: month,
      y: [p50],
      series: 'clinic',
    },
    {
      kind: 'table',
      title: 'Side by side',
      note: 'Places: 1 has the most messages, the shortest median, the best rating.',
      query: 'clinics-compared',
      width: 'full',
      columns: [
        clinic,
        messages,
        begun,
        sessions,
        responses,
        p50,
        p90,
        column('p50_first_response_seconds', 'Median first response', 'seconds'),
        column('ratings', 'Ratings', 'count'),
        column('mean_rating', 'Mean rating', 'rating'),
        column('volume_rank', 'Place by volume', 'count'),
        column('response_rank', 'Place by response', 'count'),
        column('rating_rank', 'Place by rating', 'count'),
      ],
    },
  ],
};

const sessionsPage: Page = {
  path: 'conversations/sessions',
  title: 'Sessions',
  question: 'How do people talk: how long, how many messages, when?',
  filters: ['days', 'clinic'],
  panels: [
    {
      kind: 'figures',
      title: 'Sessions that started in these days',
      note: 'A session is the messages of a conversation with no silence of more than 30 minutes between them. Its length is from its first to its last message: 0 for a single one, which the median leaves out.',
      query: 'sessions',
      width: 'full',
      figures: [
        sessions,
        column('messages_per_session', 'Messages each', 'ratio'),
        column('mean_duration_seconds', 'Mean length', 'seconds'),
        column('p50_talking_seconds', 'Median length of two and more', 'seconds'),
        column('single_percent', 'Of one message', 'percent'),
        column('answered_percent', 'With both sides', 'percent'),
        column('open_sessions', 'Open now', 'count'),
      ],
    },
    {
      kind: 'lines',
      title: 'Sessions by day',
      note: 'By the day in UTC on which they started.',
      query: 'sessions-by-day',
      x: day,
      y: [sessions],
    },
    {
      kind: 'bars',
      title: 'By number of messages',
      query: 'sessions-by-size',
      x: column('messages', 'Messages', 'text'),
      y: [sessions],
    },
    {
      kind: 'grid',
      title: 'When they start',
      note: 'In UTC.',
      query: 'sessions-by-hour',
      width: 'full',
      x: column('hour_of_day', 'Hour (UTC)', 'text'),
      y: column('weekday', 'Weekday', 'text'),
      value: sessions,
    },
    {
      kind: 'table',
      title: 'By clinic',
      query: 'sessions-by-clinic',
      width: 'full',
      columns: [
        clinic,
        sessions,
        column('messages_per_session', 'Messages each', 'ratio'),
        column('mean_duration_seconds', 'Mean length', 'seconds'),
        column('single_percent', 'Of one message', 'percent'),
      ],
    },
  ],
};

/** Of questions that ask a snapshot. */
const keptReady = 'Kept ready: while events flow, it is some seconds old.';

const history: Page = {
  path: 'conversations/history',
  title: 'History over time',
  question: 'How did customers, clinics and conversations change, each counted as it was then?',
  filters: ['days', 'clinic'],
  panels: [
    {
      kind: 'bars',
      title: 'Messages by the segment of that time',
      note: `Whole months. A message counts for the segment that its customer had when it was sent, not the one of today. ${keptReady}`,
      query: 'history-by-segment',
      x: month,
      y: [messages],
      series: 'segment',
    },
    {
      kind: 'lines',
      title: 'Mean response by the segment of that time',
      note: `Exact, in whole months. ${keptReady}`,
      query: 'history-by-segment',
      x: month,
      y: [column('mean_response_seconds', 'Mean response', 'seconds')],
      series: 'segment',
    },
    {
      kind: 'bars',
      title: 'Changes of conversations',
      note: 'Versions that replaced another in the month, by the status that they brought. Whole months.',
      query: 'history-changes',
      x: month,
      y: [column('changes', 'Changes', 'count')],
      series: 'status',
    },
    {
      kind: 'bars',
      title: 'Customers that changed segment',
      note: 'By the segment that they came to. Medium Volume from 5 conversations, High Volume from 10.',
      query: 'history-segments',
      x: month,
      y: [column('customers', 'Customers', 'count')],
      series: 'segment',
    },
    {
      kind: 'table',
      title: 'Clinics as they were named then',
      note: `Whole months, the last first. A clinic that changed its name or type within a month is in both rows. ${keptReady}`,
      query: 'history-by-clinic',
      width: 'full',
      columns: [
        month,
        column('clinic_name', 'Name then', 'text'),
        column('clinic_type', 'Type then', 'text'),
        messages,
        column('conversations', 'Conversations', 'count'),
        responses,
        column('mean_response_seconds', 'Mean response', 'seconds'),
      ],
    },
    {
      kind: 'table',
      title: 'Versions of clinics',
      note: 'Every version that held in these days; the one that holds now has no end.',
      query: 'clinic-versions',
      width: 'full',
      columns: [
        column('clinic_code', 'Code', 'text'),
        column('clinic_name', 'Name', 'text'),
        column('clinic_type', 'Type', 'text'),
        column('timezone', 'Time zone', 'text'),
        column('version', 'Version', 'count'),
        column('valid_from', 'From', 'time'),
        column('valid_to', 'To', 'time'),
      ],
    },
  ],
};

export const conversationsPages: DomainPages = {
  domain: 'conversations',
  title: 'Conversations',
  filters: [
    { name: 'clinic', label: 'Clinic', query: 'clinics' },
    { name: 'channel', label: 'Channel', query: 'channels' },
  ],
  pages: [overview, waitingNow, responseTimes, businessResponses, engagement, themes, clinics, sessionsPage, history],
  toFill: { text: 'To count some now:', command: 'parley replay PATH --data-dir DIR' },
};
