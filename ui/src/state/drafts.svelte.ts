import { SvelteMap } from "svelte/reactivity";
import type { ChatRow, Core, Draft } from "../core";

/** How long one rests before what is written is kept on disk. */
export const KEEP_AFTER_MS = 300;

const EMPTY: Draft = { text: "", replyTo: null, editing: null };

/** What is written and not sent, by chat: at hand here, kept by the core a moment later. */
export class Drafts {
  readonly #known = new SvelteMap<string, Draft>();
  readonly #due = new Map<string, ReturnType<typeof setTimeout>>();
  /** The core is told in the order things were written. */
  #told: Promise<void> = Promise.resolve();

  constructor(readonly core: Core) {}

  get(chat: string): Draft {
    return this.#known.get(chat) ?? EMPTY;
  }

  /** Its first line for a list; null when nothing is written. */
  line(chat: ChatRow): string | null {
    const known = this.#known.get(chat.id);
    const line = known ? (known.text.trim().split("\n")[0] ?? "") : (chat.draft ?? "");
    return line === "" ? null : line;
  }

  /** Fetches what the core kept, unless something has been written meanwhile. */
  async open(chat: string): Promise<void> {
    if (this.#known.has(chat)) return;
    const kept = await this.core.draft(chat);
    if (kept !== null && !this.#known.has(chat)) this.#known.set(chat, kept);
  }

  write(chat: string, draft: Draft): void {
    this.#known.set(chat, draft);
    clearTimeout(this.#due.get(chat));
    const empty = draft.text === "" && draft.replyTo === null && draft.editing === null;
    if (empty) this.#keep(chat);
    else this.#due.set(chat, setTimeout(() => this.#keep(chat), KEEP_AFTER_MS));
  }

  /** Keeps at once what is due: the chat, or the window, is being left. */
  flush(): void {
    for (const chat of [...this.#due.keys()]) this.#keep(chat);
  }

  forget(chat: string): void {
    clearTimeout(this.#due.get(chat));
    this.#due.delete(chat);
    this.#known.delete(chat);
  }

  #keep(chat: string): void {
    clearTimeout(this.#due.get(chat));
    this.#due.delete(chat);
    const { text, replyTo, editing } = this.get(chat);
    const draft = text === "" && replyTo === null && editing === null ? null : { text, replyTo, editing };
    // A draft that could not be kept is still here, and kept with the next letter.
    this.#told = this.#told.then(() => this.core.setDraft(chat, draft)).catch(() => undefined);
  }
}
