import type { Privacy, PrivacyOverride } from "../../core";
import type { Store } from "../../state/store.svelte.ts";
import { explain } from "../../state/words";

const HOUR = 3_600;

/** How long messages can stay once seen, in seconds; null for ever. */
export const TIMERS = [null, 30, 300, HOUR, 24 * HOUR, 7 * 24 * HOUR, 28 * 24 * HOUR] as const;

/** For how long a chat can be muted, in seconds; null for good. */
export const MUTES = [HOUR, 8 * HOUR, 7 * 24 * HOUR, null] as const;

/** What is set for one chat: how long messages stay, and what its contact sees of oneself. */
export class ChatSettings {
  privacy = $state.raw<PrivacyOverride | null>(null);
  /** What holds where the contact has nothing of its own. */
  everyone = $state.raw<Privacy | null>(null);
  problem = $state<string | null>(null);

  constructor(
    readonly store: Store,
    readonly chat: string,
    readonly peer: string | null,
  ) {}

  async load(): Promise<void> {
    const { peer } = this;
    if (peer === null) return;
    const { core } = this.store;
    await this.#try(async () => {
      [this.privacy, this.everyone] = await Promise.all([core.contactPrivacy(peer), core.privacy()]);
    });
  }

  async setTimer(seconds: number | null): Promise<void> {
    await this.#try(() => this.store.core.setTimer(this.chat, seconds));
  }

  /** Shown at once; if the core refuses, as it was. */
  async set(change: Partial<PrivacyOverride>): Promise<void> {
    const { peer, privacy: before } = this;
    if (peer === null || before === null) return;
    const wanted = { ...before, ...change };
    this.privacy = wanted;
    await this.#try(() => this.store.core.setContactPrivacy(peer, wanted));
    if (this.problem !== null) this.privacy = before;
  }

  /** Nothing of this contact is taken any more; or it is again. */
  async block(on: boolean): Promise<void> {
    const { peer } = this;
    const { core } = this.store;
    if (peer !== null) await this.#try(() => (on ? core.block(peer) : core.unblock(peer)));
  }

  async pin(on: boolean): Promise<void> {
    await this.#try(() => this.store.core.setPinned(this.chat, on));
  }

  async archive(on: boolean): Promise<void> {
    await this.#try(() => this.store.core.setArchived(this.chat, on));
  }

  /** For `seconds`; null: for good, false: no longer. */
  async mute(seconds: number | null | false): Promise<void> {
    const forMs = seconds === null || seconds === false ? null : seconds * 1_000;
    await this.#try(() => this.store.core.setMuted(this.chat, seconds !== false, forMs));
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
