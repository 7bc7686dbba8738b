import type { MessageRow, Page, Problem } from "../../core";
import type { Target } from "../../state/navigation.svelte.ts";
import type { Store } from "../../state/store.svelte.ts";
import type { Timeline as Rows } from "../../state/timeline.svelte.ts";
import { explain } from "../../state/words";
import { m } from "../../paraglide/messages.js";
import { frames } from "./frames";
import { type Divider, layOut } from "./items";

const PAGE = 60;
/** More than this is not kept: what is far from view goes, and is loaded again when it comes near. */
export const MOST = 1_200;

/** One open chat: loads it, lays it out, remembers where "new" began and what was seen. */
export class Timeline {
  readonly rows: Rows;
  /** Stays until the chat is left. */
  divider = $state.raw<Divider | null>(null);
  problem = $state<string | null>(null);
  loadingOlder = $state(false);
  loadingNewer = $state(false);
  /** True while rows enter or leave at the front, so that what is in view stays where it is. */
  shifting = $state(false);
  /** Rises when the rows were replaced by others: nothing measured before is of use. */
  epoch = $state(0);

  readonly items = $derived.by(() => layOut(this.rows.rows, this.divider));
  readonly unread = $derived.by(() => this.store.chats.get(this.chat)?.unread ?? 0);

  #seen = "";
  readonly #stop: () => void;

  /** `attentive` says whether the person is looking at the chat. */
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

  has(id: string): boolean {
    return this.rows.rows.some((row) => row.id === id);
  }

  /** Loads where the person left off: around the first unread message, or the newest. */
  async load(): Promise<void> {
    await this.#try(async () => {
      const first = this.divider?.id;
      if (first !== undefined) {
        if (this.rows.loaded && this.has(first)) return;
        if (await this.#around(() => this.store.core.around(first, 2 * PAGE))) return;
      }
      if (!this.rows.loaded || this.rows.after !== null) await this.#newest();
    });
  }

  async #newest(): Promise<void> {
    this.#replace(await this.store.core.messages(this.chat, { limit: PAGE }));
  }

  /** False when there is no such place any more. */
  async #around(ask: () => Promise<Page>): Promise<boolean> {
    try {
      this.#replace(await ask());
      return true;
    } catch (error) {
      if ((error as Problem).code === "notFound") return false;
      throw error;
    }
  }

  #replace(page: Page): void {
    this.rows.reset(page);
    this.epoch += 1;
  }

  /** Back to the end of the chat, loading it if it is far. */
  async toNewest(): Promise<void> {
    if (this.rows.after !== null) await this.#try(() => this.#newest());
  }

  /** Loads what `target` names unless it is there; what to scroll to, null if it is not there any more. */
  async find(target: Target): Promise<string | null> {
    let found: string | null = null;
    await this.#try(async () => {
      if ("message" in target) {
        const { message } = target;
        if (this.has(message) || (await this.#around(() => this.store.core.around(message, 2 * PAGE)))) found = message;
        else this.problem = m.timeline_quote_away();
        return;
      }
      await this.#around(() => this.store.core.atDate(this.chat, target.at, 2 * PAGE));
      const { rows } = this.rows;
      found = (rows.find((row) => row.at >= target.at) ?? rows.at(-1))?.id ?? null;
    });
    return found;
  }

  async loadOlder(): Promise<void> {
    const cursor = this.rows.before;
    if (this.loadingOlder || cursor === null || !this.rows.loaded) return;
    this.loadingOlder = true;
    await this.#try(async () => {
      const page = await this.store.core.messages(this.chat, { before: cursor, limit: PAGE });
      await frames(1);
      this.shifting = true;
      this.rows.prepend(page, cursor);
    });
    this.loadingOlder = false;
  }

  async loadNewer(): Promise<void> {
    const cursor = this.rows.after;
    if (this.loadingNewer || cursor === null || !this.rows.loaded) return;
    this.loadingNewer = true;
    await this.#try(async () => {
      const page = await this.store.core.messages(this.chat, { after: cursor, limit: PAGE });
      this.rows.append(page, cursor);
    });
    this.loadingNewer = false;
  }

  async #try(act: () => Promise<void>): Promise<void> {
    this.problem = null;
    try {
      await act();
    } catch (error) {
      this.problem = explain(error);
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

  /** The newest message of one's own that can be changed. */
  lastOwn(can: (row: MessageRow) => boolean): MessageRow | null {
    return this.rows.rows.findLast(can) ?? null;
  }
}
