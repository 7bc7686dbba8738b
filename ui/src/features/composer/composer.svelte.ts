import type { Store } from "../../state/store.svelte.ts";
import { explain } from "../../state/words";

/** The most one message holds, in bytes of UTF-8. */
export const TEXT_LIMIT = 64 * 1024;

const utf8 = new TextEncoder();

/** The line one writes in: its draft lives in the store, so that it outlives leaving the chat. */
export class Composer {
  problem = $state<string | null>(null);

  readonly text = $derived.by(() => this.store.drafts.get(this.chat) ?? "");
  /** Bytes beyond the limit; zero within it. Short texts cannot reach it and are not measured. */
  readonly over = $derived.by(() =>
    this.text.length * 3 <= TEXT_LIMIT
      ? 0
      : Math.max(0, utf8.encode(this.text.trim()).length - TEXT_LIMIT),
  );
  readonly sendable = $derived.by(() => this.text.trim() !== "" && this.over === 0);

  constructor(
    readonly store: Store,
    readonly chat: string,
  ) {}

  write(text: string): void {
    this.problem = null;
    if (text === "") this.store.drafts.delete(this.chat);
    else this.store.drafts.set(this.chat, text);
  }

  /** Sends what is written. If the core refuses, the text comes back unless something new was begun. */
  async send(): Promise<void> {
    if (!this.sendable) return;
    const written = this.text;
    this.write("");
    try {
      await this.store.core.sendText(this.chat, written.trim());
    } catch (error) {
      this.write(this.text === "" ? written : `${written}\n${this.text}`);
      this.problem = explain(error);
    }
  }
}
