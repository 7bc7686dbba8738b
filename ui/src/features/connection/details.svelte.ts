import type { ConnectionDetails } from "../../core";
import type { Store } from "../../state/store.svelte.ts";
import { explain } from "../../state/words";

const EVERY_MS = 1_000;

/** What the Connection page shows: asked for anew every second while the page is seen. */
export class Details {
  now = $state.raw<ConnectionDetails | null>(null);
  problem = $state<string | null>(null);
  #asking = false;

  constructor(readonly store: Store) {}

  /** Returns what stops it. */
  watch(page: Document = document): () => void {
    void this.ask();
    const timer = setInterval(() => {
      if (page.visibilityState === "visible") void this.ask();
    }, EVERY_MS);
    return () => clearInterval(timer);
  }

  async ask(): Promise<void> {
    // A slow answer is waited for, not asked for again.
    if (this.#asking) return;
    this.#asking = true;
    try {
      this.now = await this.store.core.connectionDetails();
      this.problem = null;
    } catch (error) {
      this.problem = explain(error);
    } finally {
      this.#asking = false;
    }
  }
}
