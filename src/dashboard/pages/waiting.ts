import type { ColumnSpec, Page, Unit } from '../contract.ts';

function column(name: string, label: string, unit: Unit): ColumnSpec {
  return { column: name, label, unit };
}

const clinic = column('clinic', 'Clinic', 'text');
const responses = column('responses', 'Responses', 'count');
const p50 = column('p50_response_seconds', 'Median elapsed', 'seconds');
const p90 = column('p90_response_seconds', '90 % within, elapsed', 'seconds');
const businessP50 = column('p50_business_response_seconds', 'Median in open hours', 'seconds');
const businessP90 = column('p90_business_response_seconds', '90 % within, in open hours', 'seconds');
const waiting = column('waiting_conversations', 'Waiting', 'count');
const urgent = column('urgent_conversations', 'Urgent', 'count');
const longest = column('longest_waiting_seconds', 'Longest', 'seconds');
const p50Waiting = column('p50_waiting_seconds', 'Median wait', 'seconds');
const p50Business = column('p50_waiting_business_seconds', 'Median in open hours', 'seconds');

const waitingIs =
  'A conversation waits while no message of the clinic has followed the customer’s last ones, unless it is done or deleted.';
const openHoursAre = 'Open hours are those of the clinic’s schedule, by its own clock, without its holidays.';

/** Who waits for an answer at this moment, whatever days are chosen. */
export const waitingNow: Page = {
  path: 'conversations/waiting-now',
  title: 'Waiting now',
  question: 'Who waits for an answer, and for how long?',
  filters: ['clinic', 'channel'],
  panels: [
    {
      kind: 'figures',
      title: 'At this moment',
      note: `${waitingIs} ${openHoursAre}`,
      query: 'waiting-now',
      width: 'full',
      figures: [
        waiting,
        urgent,
        column('unanswered_messages', 'Unanswered messages', 'count'),
        longest,
        p50Waiting,
        p50Business,
        column('waiting_over_4_business_hours', 'Over 4 open hours', 'count'),
      ],
    },
    {
      kind: 'table',
      title: 'By clinic',
      note: 'Those with most conversations that wait first.',
      empty: 'Nobody waits for an answer',
      query: 'waiting-now-by-clinic',
      width: 'full',
      columns: [
        clinic,
        waiting,
        urgent,
        longest,
        p50Waiting,
        p50Business,
        column('waiting_over_1_business_hour', 'Over 1 open hour', 'count'),
        column('waiting_over_8_business_hours', 'Over 8 open hours', 'count'),
      ],
    },
    {
      kind: 'table',
      title: 'Who waits longest',
      note: 'Urgent ones first; the first 100.',
      empty: 'Nobody waits for an answer',
      query: 'waiting-now-longest',
      width: 'full',
      columns: [
        column('conversation_id', 'Conversation', 'text'),
        clinic,
        column('channel', 'Channel', 'text'),
        column('status', 'Status', 'text'),
        column('urgency', 'Urgency', 'text'),
        column('waiting_since', 'Since', 'time'),
        column('unanswered_messages', 'Messages', 'count'),
        column('waiting_seconds', 'Elapsed', 'seconds'),
        column('waiting_business_seconds', 'In open hours', 'seconds'),
      ],
    },
  ],
};

export const businessResponses: Page = {
  path: 'conversations/business-response',
  title: 'In open hours',
  question: 'How long did customers wait while the clinic was open?',
  filters: ['days', 'clinic', 'channel'],
  panels: [
    {
      kind: 'figures',
      title: 'All responses',
      note: `From the first unanswered message to the response, exact. ${openHoursAre}`,
      query: 'business-response',
      width: 'full',
      figures: [
        responses,
        p50,
        businessP50,
        p90,
        businessP90,
        column('mean_response_seconds', 'Mean elapsed', 'seconds'),
        column('mean_business_response_seconds', 'Mean in open hours', 'seconds'),
      ],
    },
    {
      kind: 'lines',
      title: 'Median by day',
      note: 'By the day in UTC on which the response was sent.',
      query: 'business-response-by-day',
      x: column('date_id', 'Day (UTC)', 'time'),
      y: [p50, businessP50],
    },
    {
      kind: 'lines',
      title: '90 % within, by day',
      note: 'By the day in UTC on which the response was sent.',
      query: 'business-response-by-day',
      x: column('date_id', 'Day (UTC)', 'time'),
      y: [p90, businessP90],
    },
    {
      kind: 'table',
      title: 'By clinic',
      note: 'The clinics with most responses first.',
      query: 'business-response-by-clinic',
      width: 'full',
      columns: [clinic, responses, p50, businessP50, p90, businessP90],
    },
  ],
};

/** To be registered with the pages of the domain `conversations`. */
export const waitingPages: readonly Page[] = [waitingNow, businessResponses];
