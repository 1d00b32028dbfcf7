import { useEffect, useId, useRef, useState } from 'preact/hooks';
import type { Answer, Panel } from '../../contract.ts';
import type { Span } from '../address.ts';
import { queryAddress } from '../data/request.ts';
import { heeded, isNarrowedBy, type Place } from '../places.ts';
import { useAnswer, useSession } from '../session.ts';
import { bodyHeightOf, hasNothing, PanelBody } from './body.tsx';
import { columnsFor } from './figures.tsx';
import { Failed, Nothing, NotRefreshed } from './states.tsx';

interface PanelProps {
  readonly place: Place;
  readonly panel: Panel;
  readonly span: Span | undefined;
}

/**
 * A panel: its title, how its figures are defined, and what it shows. While a new answer is on its way the old one stays
 * (fainter, when it takes long); only a panel that never had one shows a shape that waits.
 */
export function PanelView({ place, panel, span }: PanelProps) {
  const { pages, address, answers } = useSession();
  const root = useRef<HTMLElement>(null);
  const isNear = useNearness(root);
  const id = useId();
  const [isTable, setTable] = useState(false);
  const [isNoteOpen, setNoteOpen] = useState(false);
  const question = queryAddress(
    { domain: place.domain.domain, query: panel.query },
    span,
    heeded(place, address.chosen),
  );
  const entry = useAnswer(question, isNear);
  const before = useRef<Answer | undefined>(undefined);
  if (entry.answer !== undefined) before.current = entry.answer;
  const shown = entry.answer ?? (entry.failure === undefined ? before.current : undefined);
  const isNarrowed = isNarrowedBy(place, pages, span, address);
  const isEmpty = shown !== undefined && hasNothing(panel, shown, isNarrowed);
  const canBeTable = panel.kind !== 'table' && panel.kind !== 'figures';

  return (
    <section
      ref={root}
      class="panel"
      data-kind={panel.kind}
      data-width={panel.width ?? (panel.kind === 'figures' || panel.kind === 'graph' ? 'full' : 'half')}
      data-query={panel.query}
      data-waiting={entry.isAsking && entry.answer === undefined}
      aria-labelledby={`${id}-title`}
      aria-busy={entry.isAsking}
    >
      <header class="panel-head">
        <h2 id={`${id}-title`}>{panel.title}</h2>
        <div class="panel-tools">
          {canBeTable && (
            <button type="button" class="tool" aria-pressed={isTable} onClick={() => setTable(!isTable)}>
              <TableIcon />
              <span class="unseen">{panel.title}: </span>
              Table
            </button>
          )}
          <button
            type="button"
            class="tool"
            aria-expanded={isNoteOpen}
            aria-controls={`${id}-note`}
            onClick={() => setNoteOpen(!isNoteOpen)}
          >
            <NoteIcon />
            <span class="unseen">{panel.title}: how it is defined</span>
          </button>
        </div>
      </header>
      <div class="panel-note" id={`${id}-note`} hidden={!isNoteOpen}>
        {panel.note !== undefined && <p>{panel.note}</p>}
        <p class="panel-source">
          Query <code>{`${place.domain.domain}/${panel.query}`}</code>
          {entry.answer !== undefined && `, answered in ${Math.max(1, Math.round(entry.answer.elapsedMs))} ms`}
        </p>
      </div>
      {entry.failure !== undefined && shown !== undefined && (
        <NotRefreshed failure={entry.failure} retry={() => answers.retry(question)} />
      )}
      <div class="panel-body" style={{ minHeight: bodyHeightOf(panel) }}>
        {shown === undefined && entry.failure !== undefined && (
          <Failed failure={entry.failure} retry={() => answers.retry(question)} />
        )}
        {shown === undefined && entry.failure === undefined && <Waiting panel={panel} />}
        {shown !== undefined && isEmpty && <Nothing place={place} panel={panel} span={span} />}
        {shown !== undefined && !isEmpty && <PanelBody panel={panel} answer={shown} isTable={isTable} />}
      </div>
    </section>
  );
}

/** Whether it is on the screen or nearly so: nothing is asked for what nobody sees. */
function useNearness(root: { readonly current: HTMLElement | null }): boolean {
  const [isNear, setNear] = useState(false);
  useEffect(() => {
    const observer = new IntersectionObserver((entries) => setNear(entries.at(-1)!.isIntersecting), {
      rootMargin: '240px 0px',
    });
    observer.observe(root.current!);
    return () => observer.disconnect();
  }, [root]);
  return isNear;
}

function Waiting({ panel }: { readonly panel: Panel }) {
  const count = panel.kind === 'figures' ? panel.figures.length : panel.kind === 'graph' ? 1 : 6;
  return (
    <div class="waiting" data-kind={panel.kind} style={{ '--columns': columnsFor(count) }}>
      <span class="unseen">Loading</span>
      {Array.from({ length: count }, (_, index) => (
        <span key={index} class="waiting-shape" aria-hidden="true" />
      ))}
    </div>
  );
}

function TableIcon() {
  return (
    <svg viewBox="0 0 16 16" aria-hidden="true">
      <path d="M2 3h12v10H2zM2 6.5h12M6.5 3v10" />
    </svg>
  );
}

function NoteIcon() {
  return (
    <svg viewBox="0 0 16 16" aria-hidden="true">
      <path d="M8 1.800a6.200 6.200 0 1 0 0 12.400A6.200 6.200 0 0 0 8 1.800zM8 7.300v3.800M8 4.700v.3" />
    </svg>
  );
}
