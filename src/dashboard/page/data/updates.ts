import type { Update } from '../../contract.ts';

export type Connection = 'connecting' | 'live' | 'lost';

export interface UpdatesOptions {
  /** Called at most once in `pauseMs`, and only while the page can be seen. */
  readonly onUpdate: (update: Update) => void;
  readonly onConnection: (connection: Connection) => void;
  readonly pauseMs: number;
}

const reconnectMs = { first: 1000, max: 15_000 };

/**
 * Follows `/api/updates`. connecting -> live -> lost -> live …; after each reconnection an update is told, because some may
 * have been missed. The browser's own reconnection gives up when a proxy or a starting server answers an error, so it is
 * done here, with growing pauses. Returns how to end it.
 */
export function followUpdates({ onUpdate, onConnection, pauseMs }: UpdatesOptions): () => void {
  let events: EventSource | undefined;
  let wait: number = reconnectMs.first;
  let reconnecting: ReturnType<typeof setTimeout> | undefined;
  let last: Update | undefined;
  let isNews = false;
  let told = Number.NEGATIVE_INFINITY;
  let telling: ReturnType<typeof setTimeout> | undefined;
  let wasLost = false;

  function tell(): void {
    if (!isNews || telling !== undefined || document.visibilityState === 'hidden') return;
    telling = setTimeout(
      () => {
        telling = undefined;
        if (last === undefined || document.visibilityState === 'hidden') return;
        isNews = false;
        told = performance.now();
        onUpdate(last);
      },
      Math.max(0, told + pauseMs - performance.now()),
    );
  }

  function hear(update: Update): void {
    wait = reconnectMs.first;
    isNews ||= wasLost || last?.version !== update.version || last?.completeThrough !== update.completeThrough;
    wasLost = false;
    last = update;
    tell();
  }

  function lose(): void {
    events?.close();
    wasLost = true;
    onConnection('lost');
    reconnecting = setTimeout(connect, wait);
    wait = Math.min(reconnectMs.max, wait * 2);
  }

  function connect(): void {
    events = new EventSource('/api/updates');
    events.addEventListener('open', () => onConnection('live'));
    events.addEventListener('update', ({ data }) => hear(JSON.parse(data) as Update));
    events.addEventListener('error', lose);
  }

  onConnection('connecting');
  connect();
  document.addEventListener('visibilitychange', tell);
  return () => {
    document.removeEventListener('visibilitychange', tell);
    clearTimeout(reconnecting);
    clearTimeout(telling);
    events?.close();
  };
}
