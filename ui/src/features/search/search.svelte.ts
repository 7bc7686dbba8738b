import type { SearchHit } from "../../core";
import type { Store } from "../../state/store.svelte.ts";
import { explain } from "../../state/words";

/** How long one rests before what is typed is looked for. */
export const REST_MS = 80;

const DAY = 86_400_000;
const SPANS = { week: 7 * DAY, month: 30 * DAY, year: 365 * DAY } as const;

/** When a message was written: any time, within the last …, or on chosen days. */
export type When = "any" | keyof typeof SPANS | "days";

/** Finds messages while one types. Answers to what is no longer asked are dropped. */
export class Search {
  text = $state("");
  /** Null searches every chat. */
  chat = $state<string | null>(null);
  author = $state<string | null>(null);
  when = $state<When>("any");
  /** The first and the last of chosen days, as the time they begin. */
  from = $state<number | null>(null);
  to = $state<number | null>(null);

  hits = $state.raw<SearchHit[]>([]);
  before = $state.raw<string | null>(null);
  /** Which hit Enter opens. */
  at = $state(0);
  /** What `hits` answers; null before there was an answer. */
  answered = $state<string | null>(null);
  problem = $state<string | null>(null);

  #due: ReturnType<typeof setTimeout> | undefined;
  #asked = 0;

  constructor(
    readonly store: Store,
    readonly now: () => number = Date.now,
  ) {}

  /** Something that is asked for changed. */
  changed(): void {
    clearTimeout(this.#due);
    // Whatever is under way is stale from now on.
    this.#asked += 1;
    if (this.text.trim() === "") {
      this.hits = [];
      this.before = null;
      this.answered = null;
      this.problem = null;
      return;
    }
    this.#due = setTimeout(() => void this.#ask(null), REST_MS);
  }

  leave(): void {
    clearTimeout(this.#due);
    this.#asked += 1;
  }

  async more(): Promise<void> {
    if (this.before !== null) await this.#ask(this.before);
  }

  move(steps: number): void {
    if (this.hits.length > 0) this.at = (this.at + steps + this.hits.length) % this.hits.length;
  }

  #range(): { from: number | null; to: number | null } {
    if (this.when === "any") return { from: null, to: null };
    if (this.when !== "days") return { from: this.now() - SPANS[this.when], to: null };
    return { from: this.from, to: this.to === null ? null : new Date(this.to).setHours(24, 0, 0, 0) };
  }

  async #ask(before: string | null): Promise<void> {
    const asked = ++this.#asked;
    const text = this.text.trim();
    const { chat, author } = this;
    try {
      const page = await this.store.core.search({ text, chat, author, ...this.#range(), before });
      if (asked !== this.#asked) return;
      this.hits = before === null ? page.hits : [...this.hits, ...page.hits];
      this.before = page.before;
      if (before === null) this.at = 0;
      this.answered = text;
      this.problem = null;
    } catch (error) {
      if (asked === this.#asked) this.problem = explain(error);
    }
  }
}

export type Marked = { text: string; marked: boolean };

/** A snippet in pieces, what was found apart. Ranges that do not fit are left out. */
export function marked(snippet: string, marks: readonly (readonly [number, number])[]): Marked[] {
  const made: Marked[] = [];
  let done = 0;
  for (const [from, to] of [...marks].sort((a, b) => a[0] - b[0])) {
    if (from < done || to <= from || to > snippet.length) continue;
    if (from > done) made.push({ text: snippet.slice(done, from), marked: false });
    made.push({ text: snippet.slice(from, to), marked: true });
    done = to;
  }
  if (done < snippet.length) made.push({ text: snippet.slice(done), marked: false });
  return made;
}
