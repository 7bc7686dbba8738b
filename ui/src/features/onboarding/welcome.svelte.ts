import type { Problem, ProblemCode } from "../../core";
import type { Store } from "../../state/store.svelte.ts";
import { explain } from "../../state/words";

const ABOUT_NAME: readonly ProblemCode[] = ["nameEmpty", "nameTooLong"];

/** The first page: a name, perhaps another relay, and an account is there. */
export class Welcome {
  name = $state("");
  /** Whether the field for another relay is open. */
  choosing = $state(false);
  relay = $state("");
  busy = $state(false);
  #problem = $state.raw<Problem | null>(null);

  readonly nameProblem = $derived(this.#about(true));
  readonly otherProblem = $derived(this.#about(false));

  constructor(readonly store: Store) {}

  #about(name: boolean): string | null {
    if (this.#problem === null) return null;
    return ABOUT_NAME.includes(this.#problem.code) === name ? explain(this.#problem) : null;
  }

  async start(): Promise<void> {
    if (this.busy) return;
    const name = this.name.trim();
    if (name === "") {
      this.#problem = { code: "nameEmpty", text: "no name was entered" };
      return;
    }
    this.busy = true;
    this.#problem = null;
    try {
      const relay = this.choosing ? this.relay.trim() || null : null;
      await this.store.enter(await this.store.core.createAccount(name, relay));
    } catch (error) {
      this.#problem = error as Problem;
    } finally {
      this.busy = false;
    }
  }
}
