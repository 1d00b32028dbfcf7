import type { ColumnSpec, DomainPages, Page, Unit } from '../contract.ts';

/** The three pages of the document, with its twelve questions. */

function column(name: string, label: string, unit: Unit): ColumnSpec {
  return { column: name, label, unit };
}

const day = column('date_key', 'Day', 'time');
const tool = column('tool_name', 'Tool', 'text');
const project = column('project_id', 'Project', 'text');
const messages = column('messages', 'Messages', 'count');
const totalCalls = column('total_calls', 'Calls', 'count');
const executionTime = column('avg_execution_seconds', 'Mean time', 'seconds');
const successRate = column('success_rate_pct', 'Succeeded', 'percent');

const filters = ['days', 'project', 'activity'];
const whichDays = 'Days and hours are in the configured time zone (assistant.timeZone).';
const whichSessions = 'By the day on which the session began; its project is the one with most of its entries.';
const aCall = 'A call and its result are one call.';

const productivity: Page = {
  path: 'assistant/developer-productivity',
  title: 'Developer Productivity',
  question: 'How much is done with the assistant, in which sessions, and when?',
  filters,
  panels: [
    {
      kind: 'figures',
      title: 'In these days',
      note: `${whichSessions} Active time leaves out silences longer than the configured one (30 minutes). Tool calls for each request: for each message of the user.`,
      query: 'productivity',
      width: 'full',
      figures: [
        column('sessions', 'Sessions', 'count'),
        messages,
        column('tool_calls', 'Tool calls', 'count'),
        column('avg_duration_seconds', 'Mean duration', 'seconds'),
        column('avg_active_seconds', 'Mean active time', 'seconds'),
        column('avg_messages_per_session', 'Messages per session', 'ratio'),
        column('avg_response_seconds', 'Mean response', 'seconds'),
        column('tool_calls_per_request', 'Tool calls for each request', 'ratio'),
      ],
    },
    {
      kind: 'lines',
      title: 'Sessions over time',
      note: `${whichSessions} ${whichDays}`,
      query: 'sessions-by-day',
      x: day,
      y: [column('session_count', 'Sessions', 'count')],
    },
    {
      kind: 'lines',
      title: 'Average session duration',
      note: 'From the first entry to the last, and without the silences between.',
      query: 'session-duration-by-day',
      x: day,
      y: [column('avg_duration_minutes', 'Duration', 'minutes'), column('avg_active_minutes', 'Active', 'minutes')],
    },
    {
      kind: 'lines',
      title: 'Messages per session',
      note: `Of the user and the assistant; and tool calls. ${aCall}`,
      query: 'messages-per-session',
      x: day,
      y: [
        column('avg_messages_per_session', 'Messages', 'ratio'),
        column('avg_tool_calls_per_session', 'Tool calls', 'ratio'),
      ],
    },
    {
      kind: 'bars',
      title: 'What sessions are about',
      note: 'The task of most of their messages, by the configured words.',
      query: 'tasks',
      x: column('task_category', 'Task', 'text'),
      y: [column('sessions', 'Sessions', 'count')],
    },
    {
      kind: 'grid',
      title: 'Active coding hours',
      note: `Messages and tool calls. ${whichDays}`,
      query: 'active-hours',
      width: 'full',
      x: column('hour_of_day', 'Hour', 'text'),
      y: column('day_name', 'Weekday', 'text'),
      value: column('total_activity', 'Messages and calls', 'count'),
    },
  ],
};

const patterns: Page = {
  path: 'assistant/interaction-patterns',
  title: 'AI Interaction Patterns',
  question: 'Which tools does the assistant use, how fast are they, and do they succeed?',
  filters,
  panels: [
    {
      kind: 'figures',
      title: 'In these days',
      note: `${aCall} Succeeded: calls with a result that says nothing of an error, of those with a result.`,
      query: 'tools',
      width: 'full',
      figures: [
        totalCalls,
        column('tools', 'Tools', 'count'),
        column('sessions', 'Sessions with calls', 'count'),
        successRate,
        executionTime,
      ],
    },
    {
      kind: 'bars',
      title: 'Tool usage distribution',
      note: 'Calls of the 25 tools that are called most.',
      query: 'tool-usage',
      x: tool,
      y: [totalCalls],
    },
    {
      kind: 'bars',
      title: 'Tool usage by category',
      note: 'By seeds/tool_categories.csv, which you can edit.',
      query: 'tool-usage-by-category',
      x: column('tool_category', 'Category', 'text'),
      y: [totalCalls],
    },
    {
      kind: 'table',
      title: 'Tool efficiency ranking',
      note: 'The ten tools that are called most.',
      query: 'tool-ranking',
      width: 'full',
      columns: [
        column('popularity_rank', 'Place', 'count'),
        tool,
        totalCalls,
        column('sessions_used', 'Sessions', 'count'),
        successRate,
        executionTime,
      ],
    },
    {
      kind: 'bars',
      title: 'Average tool execution time',
      note: 'From a call to its result, the 25 slowest tools first.',
      query: 'tool-times',
      width: 'full',
      x: tool,
      y: [executionTime],
    },
  ],
};

const projects: Page = {
  path: 'assistant/project-insights',
  title: 'Project Insights',
  question: 'Which projects are worked on, and what changes in them?',
  filters,
  panels: [
    {
      kind: 'figures',
      title: 'In these days',
      note: 'File operations are calls of Read, Write, Edit, MultiEdit, NotebookEdit, and what tool_categories adds; changes are Write, Edit and MultiEdit.',
      query: 'project-figures',
      width: 'full',
      figures: [
        column('projects', 'Active projects', 'count'),
        column('active_days', 'Active days', 'count'),
        messages,
        column('file_operations', 'File operations', 'count'),
        column('changes', 'Changes of files', 'count'),
      ],
    },
    {
      kind: 'bars',
      title: 'Activity by project',
      note: 'Messages of the user and the assistant; a session that spans projects counts in each with its messages there.',
      query: 'project-activity',
      x: project,
      y: [column('total_messages', 'Messages', 'count')],
    },
    {
      kind: 'bars',
      title: 'Project activity status',
      note: 'By the days since the last entry, as of now: up to 1, 7, 30, or more. Days and activity level do not narrow it.',
      query: 'project-status',
      x: column('activity_status', 'Status', 'text'),
      y: [column('projects', 'Projects', 'count')],
    },
    {
      kind: 'lines',
      title: 'Code changes over time',
      note: `File operations. ${whichDays}`,
      query: 'code-changes-by-day',
      x: day,
      y: [
        column('file_reads', 'Reads', 'count'),
        column('file_writes', 'Writes', 'count'),
        column('file_edits', 'Edits', 'count'),
      ],
    },
    {
      kind: 'bars',
      title: 'File type distribution',
      note: 'File operations by the type of the file that they name.',
      query: 'file-types',
      x: column('file_type', 'File type', 'text'),
      y: [column('total_operations', 'Operations', 'count')],
    },
    {
      kind: 'table',
      title: 'Projects',
      note: 'Of all days, the latest first.',
      query: 'projects-compared',
      width: 'full',
      columns: [
        project,
        column('session_count', 'Sessions', 'count'),
        column('total_messages', 'Messages', 'count'),
        column('total_tool_calls', 'Tool calls', 'count'),
        column('active_days', 'Active days', 'count'),
        column('avg_session_minutes', 'Mean duration', 'minutes'),
        column('last_active', 'Last active', 'time'),
        column('activity_status', 'Status', 'text'),
        column('project_size', 'Size', 'text'),
      ],
    },
  ],
};

export const assistantPages: DomainPages = {
  domain: 'assistant',
  title: 'Assistant',
  filters: [
    { name: 'project', label: 'Project', query: 'projects' },
    { name: 'activity', label: 'Activity level', query: 'activity-levels' },
  ],
  pages: [productivity, patterns, projects],
  toFill: {
    text: 'To count the sessions that Claude Code keeps on this machine:',
    command: 'parley import claude-code ~/.claude/projects --data-dir DIR',
  },
};
