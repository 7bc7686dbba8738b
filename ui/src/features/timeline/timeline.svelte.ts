import type { MessageRow } from "../../core";
import type { Store } from "../../state/store.svelte.ts";
import type { Timeline as Rows } from "../../state/timeline.svelte.ts";
import { explain } from "../../state/words";
import { type Divider, layOut } from "./items";

const PAGE = 60;
/** The most that is loaded to open a chat at its first unread message. */
const OPEN_MOST = 600;

/** One open chat: loads it, lays it out, remembers where "new" began and what was seen. */
export class Timeline {
  readonly rows: Rows;
  /** Stays until the chat is left. */
  divider = $state.raw<Divider | null>(null);
  problem = $state<string | null>(null);
  loadingOlder = $state(false);
  /** True while older rows enter at the front, so that what is in view stays where it is. */
  shifting = $state(false);

  readonly items = $derived.by(() => layOut(this.rows.rows, this.divider));
  readonly unread = $derived.by(() => this.store.chats.get(this.chat)?.unread ?? 0);

  #seen = "";
  readonly #stop: () => void;

  /** `attentive` says whether the person is looking at the window. */
  constructor(
    readonly store: Store,
    readonly chat: string,
    readonly attentive: () => boolean,
  ) {
    this.rows = store.timeline(chat);
    const row = store.chats.get(chat);
    if (row?.firstUnread) this.divider = { id: row.firstUnread, count: row.unread };
    this.#stop = store.onArrival((message) => this.#arrived(message));
  }

  leave(): void {
    this.#stop();
  }

  /** Loads the newest page, and as many before it as reach the first unread message. */
  async load(): Promise<void> {
    this.problem = null;
    try {
      if (!this.rows.loaded) {
        const first = Math.min(OPEN_MOST, Math.max(PAGE, (this.divider?.count ?? 0) + 20));
        this.rows.reset(await this.store.core.messages(this.chat, null, first));
      }
      while (this.#dividerMissing()) {
        if (!(await this.#loadPage())) break;
      }
    } catch (error) {
      this.problem = explain(error);
    }
  }

  #dividerMissing(): boolean {
    const { rows, before } = this.rows;
    const id = this.divider?.id;
    if (id === undefined || before === null || rows.length >= OPEN_MOST) return false;
    return !rows.some((row) => row.id === id);
  }

  /** False when nothing came of it. */
  async #loadPage(): Promise<boolean> {
    const cursor = this.rows.before;
    if (cursor === null) return false;
    const page = await this.store.core.messages(this.chat, cursor, PAGE);
    this.shifting = true;
    this.rows.prepend(page, cursor);
    return this.rows.before !== cursor;
  }

  async loadOlder(): Promise<void> {
    if (this.loadingOlder || this.rows.before === null || !this.rows.loaded) return;
    this.loadingOlder = true;
    this.problem = null;
    try {
      await this.#loadPage();
    } catch (error) {
      this.problem = explain(error);
    } finally {
      this.loadingOlder = false;
    }
  }

  #arrived(row: MessageRow): void {
    if (row.chat !== this.chat || row.own || row.kind === "notice") return;
    const oldest = this.rows.rows[0];
    if (oldest && row.order <= oldest.order) return;
    // Coming back to the window, the person finds the line where they left.
    if (this.divider === null && !this.attentive()) this.divider = { id: row.id, count: 1 };
    else if (this.divider !== null && !this.attentive()) {
      this.divider = { ...this.divider, count: this.divider.count + 1 };
    }
  }

  /** The person has `row` before their eyes. */
  see(row: MessageRow): void {
    if (this.unread === 0 || row.order <= this.#seen) return;
    const before = this.#seen;
    this.#seen = row.order;
    this.store.core.markRead(this.chat, row.id).catch(() => {
      // It stays unread and is told again when it is next in view.
      this.#seen = before;
    });
  }

  async retry(id: string): Promise<void> {
    await this.#try(() => this.store.core.retryMessage(id));
  }

  async discard(id: string): Promise<void> {
    await this.#try(() => this.store.core.discardMessage(id));
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
