import type { MessageRow } from "../../core";
import type { Anchor } from "../../design/Menu.svelte";
import { alive, type Conversation, editable } from "../../state/conversation.svelte.ts";
import type { Navigation } from "../../state/navigation.svelte.ts";
import type { Store } from "../../state/store.svelte.ts";
import type { Deletions } from "../../state/undo.svelte.ts";
import { explain } from "../../state/words";

/** Marked for a moment after one was led to it. */
const FLASH_MS = 1_600;

type Open = { kind: "menu" | "reaction"; row: MessageRow; anchor: Anchor };

/** What can be done with a message, from its toolbar, its menu and by keys alike. */
export class Acts {
  hovered = $state<string | null>(null);
  focused = $state<string | null>(null);
  /** The menu, or the choice of emoji, that is open. */
  open = $state.raw<Open | null>(null);
  flashed = $state<string | null>(null);
  problem = $state<string | null>(null);
  readonly active = $derived(this.open?.row.id ?? this.focused ?? this.hovered);

  readonly me: string | null;
  #flash: ReturnType<typeof setTimeout> | undefined;

  constructor(
    readonly store: Store,
    readonly conversation: Conversation,
    readonly navigation: Navigation,
    readonly deletions: Deletions,
    /** Leads to a message, near or far. */
    readonly show: (id: string) => void,
  ) {
    this.me = store.account?.id ?? null;
  }

  flash(id: string): void {
    clearTimeout(this.#flash);
    this.flashed = id;
    this.#flash = setTimeout(() => (this.flashed = null), FLASH_MS);
  }

  openMenu(row: MessageRow, anchor: Anchor): void {
    this.open = { kind: "menu", row, anchor };
  }

  pickReaction(row: MessageRow, anchor: Anchor): void {
    if (alive(row)) this.open = { kind: "reaction", row, anchor };
  }

  close(): void {
    this.open = null;
  }

  reply(row: MessageRow): void {
    if (alive(row)) this.conversation.reply(row);
  }

  edit(row: MessageRow): void {
    if (editable(row)) this.conversation.edit(row);
  }

  details(row: MessageRow): void {
    this.navigation.show("message", row.id);
  }

  /** Compares the safety number of the open chat. */
  verify(): void {
    this.navigation.show("verify");
  }

  forward(row: MessageRow): void {
    this.navigation.show("forward", row.id);
  }

  delete(row: MessageRow): void {
    this.deletions.later(row.id);
  }

  /** One's own again: it is taken back. */
  toggle(row: MessageRow, emoji: string): void {
    const mine = row.reactions.some((reaction) => reaction.own && reaction.emoji === emoji);
    this.react(row, mine ? null : emoji);
  }

  react(row: MessageRow, emoji: string | null): void {
    void this.#try(() => this.store.core.react(row.id, emoji));
  }

  copy(row: MessageRow): void {
    const selected = getSelection()?.toString() ?? "";
    void this.#try(() => this.store.core.copyText(selected !== "" && row.text.includes(selected) ? selected : row.text));
  }

  retry(row: MessageRow): Promise<void> {
    return this.#try(() => this.store.core.retryMessage(row.id));
  }

  discard(row: MessageRow): Promise<void> {
    return this.#try(() => this.store.core.discardMessage(row.id));
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
