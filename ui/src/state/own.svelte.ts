import type { OwnPresence } from "../core";
import type { Store } from "./store.svelte.ts";
import { explain } from "./words";

/** What one says of oneself: where one is, and a few words. */
export class Own {
  presence = $state.raw<OwnPresence | null>(null);
  problem = $state<string | null>(null);

  constructor(readonly store: Store) {}

  async load(): Promise<void> {
    await this.#try(async () => {
      this.presence = await this.store.core.ownPresence();
    });
  }

  /** Shown at once; if the core refuses, as it was. */
  async set(change: Partial<OwnPresence>): Promise<void> {
    const before = this.presence;
    if (before === null) return;
    const wanted = { ...before, ...change };
    this.presence = wanted;
    await this.#try(() => this.store.core.setPresence(wanted));
    if (this.problem !== null) this.presence = before;
  }

  async #try(act: () => Promise<void>): Promise<void> {
    this.problem = null;
    try {
      await act();
    } catch (error) {
      this.problem = explain(error);
    }
  }
}
