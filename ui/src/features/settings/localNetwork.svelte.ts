import type { Store } from "../../state/store.svelte.ts";
import { explain } from "../../state/words";

/** Whether others in the local network reach the relay inside Snug. */
export class LocalNetwork {
  problem = $state<string | null>(null);
  /** What was asked for and is not done yet. */
  #wanted = $state<boolean | null>(null);

  readonly row = $derived.by(() => this.store.localNetwork);
  readonly on = $derived.by(() => this.#wanted ?? this.row?.on ?? false);
  /** Shared, with what came of it. */
  readonly outcome = $derived.by(() => {
    if (this.row === null || !this.row.on || this.#wanted === false) return null;
    if (this.row.address !== null) return "reached";
    return this.row.problem === null ? "alone" : "refused";
  });

  constructor(readonly store: Store) {}

  /** Shown at once; if the core refuses, as it was. */
  async share(on: boolean): Promise<void> {
    this.problem = null;
    this.#wanted = on;
    try {
      this.store.localNetwork = await this.store.core.shareOnLocalNetwork(on);
    } catch (error) {
      this.problem = explain(error);
    } finally {
      this.#wanted = null;
    }
  }
}
