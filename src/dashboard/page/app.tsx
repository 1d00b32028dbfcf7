import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { Pages } from '../contract.ts';
import { Answers } from './data/answers.ts';
import { type Failure, RequestFailed, request } from './data/request.ts';
import { type Connection, followUpdates } from './data/updates.ts';
import { placeOf } from './places.ts';
import { SessionContext, useAddress } from './session.ts';
import { Masthead } from './shell/masthead.tsx';
import { Navigation } from './shell/navigation.tsx';
import { PageView } from './shell/page-view.tsx';
import { LostPage, NoPages, PagesFailed } from './shell/whole-page-states.tsx';

/** Numbers change at most this often while events flow: faster than that nobody reads. */
const pauseMs = 2000;
/** And a screen reader tells of it at most this often. */
const toldPauseMs = 60_000;

export function App() {
  const answers = useMemo(() => new Answers(), []);
  const [pages, setPages] = useState<Pages>();
  const [failure, setFailure] = useState<Failure>();
  const [revision, setRevision] = useState(0);
  const [connection, setConnection] = useState<Connection>('connecting');
  const [completeThrough, setCompleteThrough] = useState<string | null>(null);
  const [said, setSaid] = useState('');
  const [address, go] = useAddress();
  // The first update comes with the page itself.
  const told = useRef(Date.now());
  function say(text: string): void {
    told.current = Date.now();
    setSaid(text);
  }

  async function askPages(): Promise<void> {
    try {
      setPages(await request<Pages>('/api/pages'));
      setFailure(undefined);
    } catch (error) {
      if (!(error instanceof RequestFailed)) throw error;
      setFailure(error.failure);
    }
  }

  // Once, as long as the page is open.
  useEffect(() => {
    void askPages();
    return followUpdates({
      pauseMs,
      onConnection: setConnection,
      onUpdate: (update) => {
        setCompleteThrough(update.completeThrough);
        answers.outdate();
        setRevision(answers.revision);
        const now = Date.now();
        if (now - told.current > toldPauseMs) say(`Numbers updated at ${new Date(now).toLocaleTimeString()}`);
        // The last day with data may be another now.
        void askPages();
      },
    });
  }, []);

  const heard = useRef(connection);
  useEffect(() => {
    if (heard.current === 'live' && connection === 'lost') say('Connection lost. Numbers do not update.');
    if (heard.current === 'lost' && connection === 'live') say('Connected again. Numbers update.');
    heard.current = connection;
  }, [connection]);

  if (pages === undefined) {
    return failure === undefined ? (
      <main id="content" aria-busy="true" />
    ) : (
      <PagesFailed failure={failure} retry={askPages} />
    );
  }
  const place = placeOf(pages, address.path);
  return (
    <SessionContext.Provider value={{ pages, address, answers, revision, go, announce: say }}>
      <a class="skip" href="#content">
        Skip to the figures
      </a>
      <Masthead
        connection={connection}
        completeThrough={pages.completeThrough[place?.domain.domain ?? ''] ?? completeThrough}
      />
      <div class="frame">
        <Navigation place={place} />
        {place !== undefined && <PageView place={place} />}
        {place === undefined && (pages.domains.length === 0 ? <NoPages /> : <LostPage />)}
      </div>
      <div class="unseen" role="status" aria-live="polite">
        {said}
      </div>
    </SessionContext.Provider>
  );
}
