import type { BlockedRow } from "../../core";
import type { Store } from "../../state/store.svelte.ts";
import { explain } from "../../state/words";

/** Who may ask, and who may not at all. */
export class People {
  refused = $state<boolean | null>(null);
  blocked = $state.raw<readonly BlockedRow[]>([]);
  problem = $state<string | null>(null);

  constructor(readonly store: Store) {}

  async load(): Promise<void> {
    const { core } = this.store;
    await this.#try(async () => {
      [this.refused, this.blocked] = await Promise.all([core.refusesStrangers(), core.blocked()]);
    });
  }

  /** Shown at once; if the core refuses, as it was. */
  async refuse(on: boolean): Promise<void> {
    const before = this.refused;
    this.refused = on;
    await this.#try(() => this.store.core.refuseStrangers(on));
    if (this.problem !== null) this.refused = before;
  }

  async unblock(account: string): Promise<void> {
    const { core } = this.store;
    await this.#try(async () => {
      await core.unblock(account);
      this.blocked = await core.blocked();
    });
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
