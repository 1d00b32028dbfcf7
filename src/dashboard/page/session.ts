import { createContext } from 'preact';
import { useContext, useEffect, useState } from 'preact/hooks';
import type { Pages } from '../contract.ts';
import { type Address, readAddress, writeAddress } from './address.ts';
import type { Answers, Entry } from './data/answers.ts';

/** What every part of the page shares. */
export interface Session {
  readonly pages: Pages;
  readonly address: Address;
  readonly answers: Answers;
  /** Grows when the warehouse has something new. */
  readonly revision: number;
  /** Goes to an address; `isCorrection` leaves no step for the back button. */
  readonly go: (address: Address, isCorrection?: boolean) => void;
  /** Says something to a screen reader, when it has nothing else to say. */
  readonly announce: (text: string) => void;
}

export const SessionContext = createContext<Session | undefined>(undefined);

export function useSession(): Session {
  const session = useContext(SessionContext);
  if (session === undefined) throw new Error('drawn outside of a session');
  return session;
}

/** The address in the browser's bar, and how to change it. */
export function useAddress(): [Address, Session['go']] {
  const [address, setAddress] = useState(() => readAddress(location.pathname, location.search));
  useEffect(() => {
    const read = () => setAddress(readAddress(location.pathname, location.search));
    addEventListener('popstate', read);
    return () => removeEventListener('popstate', read);
  }, []);
  const go: Session['go'] = (next, isCorrection = false) => {
    const target = writeAddress(next);
    if (target === location.pathname + location.search) return;
    if (isCorrection) history.replaceState(null, '', target);
    else history.pushState(null, '', target);
    setAddress(next);
  };
  return [address, go];
}

/** The answer to a question, asked while `isWanted`; drawn again when it changes. */
export function useAnswer(address: string, isWanted: boolean): Entry {
  const { answers, revision } = useSession();
  const [, setCount] = useState(0);
  useEffect(() => answers.watch(address, () => setCount((count) => count + 1)), [answers, address]);
  const entry = answers.entry(address);
  // A new revision is a reason to ask again, and so is an answer that came too late for it.
  useEffect(() => {
    if (isWanted) answers.want(address);
  }, [answers, address, isWanted, revision, entry.isAsking]);
  return entry;
}
