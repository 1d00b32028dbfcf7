/** What can be set for the domain. Changing one changes results from then on, not those already written. */
export interface AssistantOptions {
  /** A longer silence within a session starts a new activity period. */
  readonly sessionGapMinutes: number;
  /** How much older than its session's newest entry an entry may be and still be placed. */
  readonly allowedLatenessHours: number;
  /** Recent entries kept for each session, at most. */
  readonly keptEntriesMax: number;
  /** Calls that wait for their result, and results that wait for their call, kept for each session, at most. */
  readonly openCallsMax: number;
  /** Whether the text of entries goes to the warehouse. */
  readonly storeText: boolean;
  /** Category to the words that give it to a message. The first category that has one wins. */
  readonly taskPatterns: Readonly<Record<string, readonly string[]>>;
  /** First and last day in UTC, YYYY-MM-DD: entries of other days are not counted. */
  readonly startDate: string;
  readonly endDate: string;
  /** Zone of every day and hour in the views, a name such as Europe/Berlin. The bounds above are days in UTC. */
  readonly timeZone: string;
}

export const defaultOptions: AssistantOptions = {
  sessionGapMinutes: 30,
  allowedLatenessHours: 24,
  keptEntriesMax: 1000,
  openCallsMax: 1000,
  storeText: false,
  taskPatterns: {
    bug_fix: ['bug', 'fix', 'error', 'issue'],
    feature: ['add', 'create', 'implement', 'new'],
    refactor: ['refactor', 'restructure', 'clean up'],
    testing: ['test', 'unit test', 'coverage'],
    documentation: ['document', 'documentation', 'docs', 'readme'],
    review: ['review', 'audit', 'feedback'],
  },
  startDate: '2024-01-01',
  endDate: '2099-12-31',
  timeZone: 'UTC',
};
