import { SvelteMap } from "svelte/reactivity";
import { explain } from "../../state/words";

/** How long what was declined can be taken back before the core is told. */
export const UNDO_MS = 5_000;

/** Answers to what waits for a yes or a no. */
export class Answers {
  readonly #answers = new SvelteMap<string, "accepting" | "declining">();
  readonly #problems = new SvelteMap<string, string>();
  readonly #timers = new Map<string, ReturnType<typeof setTimeout>>();

  /** `tell` tells the core. */
  constructor(readonly tell: (id: string, accept: boolean) => Promise<void>) {}

  answer(id: string): "accepting" | "declining" | undefined {
    return this.#answers.get(id);
  }

  problem(id: string): string | undefined {
    return this.#problems.get(id);
  }

  async accept(id: string): Promise<void> {
    this.#answers.set(id, "accepting");
    await this.#tell(id, true);
  }

  /** Declines in a moment; until then `undo` takes it back. */
  decline(id: string): void {
    this.#answers.set(id, "declining");
    this.#timers.set(id, setTimeout(() => void this.#settle(id), UNDO_MS));
  }

  undo(id: string): void {
    clearTimeout(this.#timers.get(id));
    this.#timers.delete(id);
    this.#answers.delete(id);
  }

  /** Tells the core at once what still could have been undone: the page is going away. */
  flush(): void {
    for (const id of [...this.#timers.keys()]) void this.#settle(id);
  }

  async #settle(id: string): Promise<void> {
    clearTimeout(this.#timers.get(id));
    this.#timers.delete(id);
    await this.#tell(id, false);
  }

  #tell(id: string, accept: boolean): Promise<void> {
    return this.attempt(id, () => this.tell(id, accept));
  }

  /** Does `act`; what stands in its way is said on the card, which can be answered again. */
  protected async attempt(id: string, act: () => Promise<void>): Promise<void> {
    this.#problems.delete(id);
    try {
      await act();
    } catch (error) {
      this.#problems.set(id, explain(error));
      this.#answers.delete(id);
    }
  }
}
