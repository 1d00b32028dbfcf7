import type {
  Answers,
  ClinicPerformance,
  Engagement,
  MonthOfHistory,
  ResponseTimes,
  Theme,
} from '../warehouse/answers.ts';
import { type Column, count, cut, duration, table } from './output.ts';

/** One answer for a person: a title, a sentence that says what it comes to, and a table. */
interface Answer {
  readonly title: string;
  readonly sentence: string;
  readonly table: string;
}

/** The five answers as text, at most 100 columns wide. */
export function describeAnswers(answers: Answers): string {
  if (answers.responseTimes.length === 0 && answers.engagement.length === 0) return 'There are no messages yet.';
  const all: readonly Answer[] = [
    describeResponseTimes(answers.responseTimes),
    describeEngagement(answers.engagement),
    describeThemes(answers.themes, answers.month),
    describeClinics(answers.clinics, answers.month),
    describeHistory(answers),
  ];
  return all
    .map(({ title, sentence, table: grid }, index) => `${index + 1}. ${title}\n   ${sentence}\n\n${grid}`)
    .join('\n\n');
}

const right = (title: string): Column => ({ title, align: 'right' });

function describeResponseTimes(rows: readonly ResponseTimes[]): Answer {
  const [all] = rows;
  const parts = ['0-6 h', '6-12 h', '12-18 h', '18-24 h']; // By the clinic's own clock.
  const times = all?.byPartOfDay ?? [];
  const fastest = times.indexOf(Math.min(...times.filter((seconds) => seconds !== null)));
  const when = fastest < 0 ? '' : `, fastest at ${parts[fastest]!.replace(' h', " o'clock")}`;
  return {
    title: 'How fast do clinics answer?',
    sentence: `Half of the ${count(all?.responses ?? 0)} answers came within ${duration(all?.median ?? null)}${when} (clinic's time).`,
    table: table(
      [{ title: 'clinic' }, right('answers'), right('median'), right('90 %'), ...parts.map(right)],
      rows.map(({ clinic, responses, median, p90, byPartOfDay }) => [
        clinic === '' ? 'all' : cut(clinic, 20),
        count(responses),
        duration(median),
        duration(p90),
        ...byPartOfDay.map(duration),
      ]),
    ),
  };
}

function describeEngagement(rows: readonly Engagement[]): Answer {
  const [all] = rows;
  const sessions = (all?.sessions ?? 0) / Math.max(1, all?.newConversations ?? 0);
  return {
    title: 'How much do customers and clinics talk?',
    sentence:
      `${count(all?.messages ?? 0)} messages in ${count(all?.newConversations ?? 0)} conversations and ` +
      `${count(all?.sessions ?? 0)} sessions: a conversation takes ${sessions.toFixed(1)} sittings.`,
    table: table(
      [
        { title: 'month' },
        right('messages'),
        right('conversations'),
        right('new'),
        right('sessions'),
        right('messages per conversation'),
      ],
      rows.map((row) => [
        row.month === '' ? 'all' : row.month,
        count(row.messages),
        count(row.month === '' ? row.newConversations : row.conversations),
        count(row.newConversations),
        count(row.sessions),
        row.messagesPerConversation.toFixed(1),
      ]),
    ),
  };
}

function describeThemes(rows: readonly Theme[], month: string): Answer {
  const first = [...rows].sort((a, b) => b.conversations - a.conversations)[0];
  const urgent = rows.reduce((sum, row) => sum + (/urgent/i.test(row.tag) ? row.conversations : 0), 0);
  const rising = [...rows].filter(({ trend }) => trend === 'Rising').sort((a, b) => b.change - a.change)[0];
  const growth = rising === undefined ? '' : `; "${rising.tag}" grew most in ${month} (+${count(rising.change)})`;
  const urgency = urgent === 0 ? '' : `; ${count(urgent)} conversations were urgent`;
  return {
    title: 'What is it about, and what is urgent?',
    sentence: first === undefined ? 'No conversation has tags.' : `Most often "${first.tag}"${urgency}${growth}.`,
    table: table(
      [
        { title: 'theme' },
        right('conversations'),
        right('urgent'),
        right('sensitive'),
        right(`in ${month}`),
        right('change'),
        { title: 'trend' },
      ],
      rows.map((row) => [
        cut(row.tag, 24),
        count(row.conversations),
        count(row.urgent),
        count(row.sensitive),
        count(row.monthConversations),
        `${row.change > 0 ? '+' : ''}${count(row.change)}`,
        row.trend === '' ? '–' : row.trend,
      ]),
    ),
  };
}

function describeClinics(rows: readonly ClinicPerformance[], month: string): Answer {
  const isRated = rows.some(({ rating }) => rating !== null);
  const fastest = [...rows]
    .filter(({ responses }) => responses >= 5)
    .sort((a, b) => (a.median ?? Infinity) - (b.median ?? Infinity))[0];
  const busiest = rows[0];
  const sentence =
    busiest === undefined
      ? 'No messages in that month.'
      : `${busiest.clinic} had the most messages` +
        (fastest === undefined
          ? '.'
          : `; of those below, ${fastest.clinic === busiest.clinic ? 'it' : fastest.clinic} answers fastest: ` +
            `half within ${duration(fastest.median)}.`);
  return {
    title: `How do clinics compare? (${month})`,
    sentence,
    table: table(
      [
        { title: 'clinic' },
        right('messages'),
        right('conversations'),
        right('answers'),
        right('median'),
        right('first answer'),
        ...(isRated ? [right('rating')] : []),
        right('speed rank'),
      ],
      rows.map((row) => [
        cut(row.clinic, 20),
        count(row.messages),
        count(row.conversations),
        count(row.responses),
        duration(row.median),
        duration(row.medianFirst),
        ...(isRated ? [row.rating === null ? '–' : row.rating.toFixed(1)] : []),
        row.responseRank === null ? '–' : count(row.responseRank),
      ]),
    ),
  };
}

function describeHistory({ history, versions }: Answers): Answer {
  return {
    title: 'How has it changed over time?',
    sentence:
      `${count(versions.withHistory)} of ${count(versions.conversations)} conversations have changed; ` +
      `${count(versions.versions)} versions are kept, to see any day as it was.`,
    table: table(
      [
        { title: 'month' },
        right('clinics'),
        right('messages'),
        right('conversations'),
        right('changes'),
        right('answers'),
        right('mean answer'),
        right('than before'),
      ],
      history.map((row: MonthOfHistory) => [
        row.month,
        count(row.clinics),
        count(row.messages),
        count(row.conversations),
        count(row.changes),
        count(row.responses),
        duration(row.meanResponse),
        changeOf(row.meanResponse, row.previousMeanResponse),
      ]),
    ),
  };
}

/** `+61 %`: how much longer than before. */
function changeOf(now: number | null, before: number | null): string {
  if (now === null || before === null || before === 0) return '–';
  const percent = Math.round((100 * (now - before)) / before);
  return `${percent > 0 ? '+' : ''}${count(percent)} %`;
}
