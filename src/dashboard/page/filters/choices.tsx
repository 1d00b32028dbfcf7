import { useEffect, useId, useMemo, useRef, useState } from 'preact/hooks';
import type { FilterSpec } from '../../contract.ts';
import { withChoice } from '../address.ts';
import { queryAddress } from '../data/request.ts';
import { rowsOf, textIn } from '../data/table.ts';
import type { Place } from '../places.ts';
import { useAnswer, useSession } from '../session.ts';

interface Choice {
  readonly value: string;
  readonly label: string;
}

/** More than these are found by searching. */
const shownMax = 200;

/** A filter: a button that tells what is chosen, and opens a list of boxes to tick, with a search. */
export function Choices({ place, filter }: { readonly place: Place; readonly filter: FilterSpec }) {
  const { address, go } = useSession();
  const [isOpen, setOpen] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const id = useId();
  const chosen = address.chosen[filter.name] ?? [];
  const { choices, isKnown } = useChoices(place, filter, isOpen || chosen.length > 0);
  const changedSinceOpening = useRef(false);

  useEffect(() => {
    if (!isOpen) return;
    changedSinceOpening.current = false;
    const leave = (event: Event) => {
      if (event.target instanceof Node && !root.current?.contains(event.target)) setOpen(false);
    };
    const onKey = ({ key }: KeyboardEvent) => {
      if (key !== 'Escape') return;
      setOpen(false);
      button.current?.focus();
    };
    addEventListener('keydown', onKey);
    addEventListener('pointerdown', leave);
    addEventListener('focusin', leave);
    return () => {
      removeEventListener('keydown', onKey);
      removeEventListener('pointerdown', leave);
      removeEventListener('focusin', leave);
    };
  }, [isOpen]);

  function choose(values: readonly string[]): void {
    // Ticking several boxes is one step for the back button.
    go(withChoice(address, filter.name, values), changedSinceOpening.current);
    changedSinceOpening.current = true;
  }

  const labels = chosen.map((value) => choices.find((choice) => choice.value === value)?.label ?? value);
  return (
    <div class="choices" ref={root} data-chosen={chosen.length > 0}>
      <button
        ref={button}
        type="button"
        class="choices-button"
        aria-expanded={isOpen}
        aria-haspopup="dialog"
        aria-controls={id}
        onClick={() => setOpen(!isOpen)}
      >
        <span class="choices-name">{filter.label}</span>
        <span class="choices-chosen">{describeChosen(labels)}</span>
        <svg viewBox="0 0 12 12" aria-hidden="true">
          <path d="M2.5 4.5 6 8l3.5-3.5" />
        </svg>
      </button>
      {isOpen && (
        <ChoiceList
          id={id}
          label={filter.label}
          choices={choices}
          isKnown={isKnown}
          chosen={chosen}
          onChoose={choose}
        />
      )}
    </div>
  );
}

interface ChoiceListProps {
  readonly id: string;
  readonly label: string;
  readonly choices: readonly Choice[];
  readonly isKnown: boolean;
  readonly chosen: readonly string[];
  readonly onChoose: (values: readonly string[]) => void;
}

function ChoiceList({ id, label, choices, isKnown, chosen, onChoose }: ChoiceListProps) {
  const [search, setSearch] = useState('');
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => field.current?.focus({ preventScroll: true }), []);
  const found = useMemo(() => {
    const wanted = search.trim().toLowerCase();
    return choices.filter(({ value, label: text }) => `${text}\n${value}`.toLowerCase().includes(wanted));
  }, [choices, search]);
  function toggle(value: string): void {
    onChoose(chosen.includes(value) ? chosen.filter((other) => other !== value) : [...chosen, value]);
  }
  return (
    <div class="choice-list" id={id} role="dialog" aria-label={label}>
      <input
        ref={field}
        type="search"
        placeholder={`Search ${choices.length > 0 ? choices.length : ''}`.trim()}
        aria-label={`Search ${label.toLowerCase()}`}
        value={search}
        onInput={({ currentTarget }) => setSearch(currentTarget.value)}
      />
      <fieldset class="choice-boxes">
        <legend class="unseen">{label}</legend>
        {found.slice(0, shownMax).map((choice) => (
          <label key={choice.value}>
            <input
              type="checkbox"
              value={choice.value}
              checked={chosen.includes(choice.value)}
              onChange={() => toggle(choice.value)}
            />
            <span>{choice.label}</span>
          </label>
        ))}
      </fieldset>
      {!isKnown && <p class="choice-hint">Loading …</p>}
      {isKnown && found.length === 0 && <p class="choice-hint">Nothing matches.</p>}
      {found.length > shownMax && <p class="choice-hint">{found.length - shownMax} more: search to find them.</p>}
      <button type="button" class="choice-clear" disabled={chosen.length === 0} onClick={() => onChoose([])}>
        Clear: show all
      </button>
    </div>
  );
}

function useChoices(place: Place, filter: FilterSpec, isWanted: boolean): { choices: Choice[]; isKnown: boolean } {
  const { pages } = useSession();
  const known = pages.days[place.domain.domain];
  const span = known ? { from: known.first, to: known.last } : undefined;
  const { answer, failure } = useAnswer(
    queryAddress({ domain: place.domain.domain, query: filter.query }, span, {}),
    isWanted,
  );
  const choices = useMemo(() => {
    const rows = answer === undefined ? [] : rowsOf(answer);
    return rows.map((row) => ({ value: textIn(row, 'value'), label: textIn(row, 'label') || textIn(row, 'value') }));
  }, [answer]);
  return { choices, isKnown: answer !== undefined || failure !== undefined };
}

function describeChosen(labels: readonly string[]): string {
  if (labels.length === 0) return 'all';
  return labels.length === 1 ? labels[0]! : `${labels[0]} + ${labels.length - 1}`;
}
