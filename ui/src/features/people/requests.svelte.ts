import { SvelteMap } from "svelte/reactivity";
import type { RequestRow } from "../../core";
import type { Store } from "../../state/store.svelte.ts";
import { explain } from "../../state/words";

/** How long a declined request can be taken back before the core is told. */
export const UNDO_MS = 5_000;
/** How long the end of one's own request stays in the list. */
const ENDED_SHOWN_MS = 86_400_000;

const ENDED: readonly RequestRow["state"][] = ["declined", "used", "expired", "revoked", "failed"];

/** Answers to those who want to connect, and what has become of one's own wishes. */
export class Requests {
  readonly #answers = new SvelteMap<string, "accepting" | "declining">();
  readonly #problems = new SvelteMap<string, string>();
  readonly #timers = new Map<string, ReturnType<typeof setTimeout>>();

  constructor(readonly store: Store) {}

  /** What the list shows at `now`: the open ones, and one's own that ended within a day. */
  shown(now: number): RequestRow[] {
    return this.store.requestList.filter((row) =>
      row.incoming
        ? row.state === "waiting"
        : row.state === "waiting" ||
          row.state === "sending" ||
          (ENDED.includes(row.state) && now - row.at < ENDED_SHOWN_MS),
    );
  }

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

  /** Takes nothing more of who asks; they are not told. */
  async block(row: RequestRow): Promise<void> {
    this.#problems.delete(row.id);
    try {
      await this.store.core.block(row.account);
    } catch (error) {
      this.#problems.set(row.id, explain(error));
    }
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

  async #tell(id: string, accept: boolean): Promise<void> {
    this.#problems.delete(id);
    try {
      await this.store.core.answerRequest(id, accept);
    } catch (error) {
      this.#problems.set(id, explain(error));
      this.#answers.delete(id);
    }
  }
}
