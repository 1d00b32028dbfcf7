import type { Deployment } from './deployment.ts';
import type { Member } from './member.ts';

/** A place in the group where one member follows another, all with the same local state. */
export class Seat {
  readonly name: string;
  readonly #deployment: Deployment;
  readonly #args: readonly string[];
  #member: Member;

  /** A member sits down at once. */
  constructor(deployment: Deployment, name: string, args: readonly string[] = []) {
    this.#deployment = deployment;
    this.name = name;
    this.#args = args;
    this.#member = deployment.member(name, args);
  }

  get member(): Member {
    return this.#member;
  }

  /** `kill -9` of all its processes; the next one sits down before the group has noticed. */
  async kill(): Promise<void> {
    this.#member.signalAll('SIGKILL');
    await this.#member.ended;
    this.#member = this.#deployment.member(this.name, this.#args);
  }

  /** SIGTERM, which is to end well; the signal itself ends one that has not begun. The seat is empty until `sit`. */
  async leave(): Promise<void> {
    this.#member.kill('SIGTERM');
    const { code, signal } = await this.#member.ended;
    if (code === 0 || (signal === 'SIGTERM' && !this.#member.hasBegun)) return;
    throw new Error(`${this.name} ended with ${code ?? signal}:\n${this.#member.errors}`);
  }

  sit(): void {
    this.#member = this.#deployment.member(this.name, this.#args);
  }
}
