import type { MessageRow, Page } from "../core";

function later(a: MessageRow, b: MessageRow): number {
  return a.order < b.order ? -1 : a.order > b.order ? 1 : 0;
}

/** Where a page began or ended, and what asks for its neighbour. */
type Cut = { order: string; cursor: string };

/** The loaded stretch of one chat, oldest first, without gaps. */
export class Timeline {
  rows = $state.raw<MessageRow[]>([]);
  /** Cursor of the older ones; null at the chat's beginning. */
  before = $state.raw<string | null>(null);
  /** Cursor of the newer ones; null at the chat's end. */
  after = $state.raw<string | null>(null);
  loaded = $state(false);
  /** What came between asking for the first page and having it. */
  #early: (() => void)[] = [];
  #starts: Cut[] = [];
  #ends: Cut[] = [];

  /** Replaces everything by one page. */
  reset(page: Page): void {
    this.#starts = [];
    this.#ends = [];
    this.#remember(page);
    this.rows = [...page.rows].sort(later);
    this.before = page.before;
    this.after = page.after;
    this.loaded = true;
    for (const change of this.#early.splice(0)) change();
  }

  /** Puts the page asked for with cursor `asked` in front, unless the rows were replaced meanwhile. */
  prepend(page: Page, asked: string): void {
    if (asked !== this.before) return;
    this.#join(page);
    this.before = page.before;
  }

  /** The same at the newer end. */
  append(page: Page, asked: string): void {
    if (asked !== this.after) return;
    this.#join(page);
    this.after = page.after;
  }

  #join(page: Page): void {
    this.#remember(page);
    const known = new Set(this.rows.map((row) => row.id));
    this.rows = [...page.rows.filter((row) => !known.has(row.id)), ...this.rows].sort(later);
  }

  #remember({ rows, before, after }: Page): void {
    const first = rows[0];
    const last = rows.at(-1);
    if (first && before !== null) this.#starts.push({ order: first.order, cursor: before });
    if (last && after !== null) this.#ends.push({ order: last.order, cursor: after });
  }

  /** Lets go of the oldest beyond `most`, at the seam of two pages; false if there is none. */
  trimOlder(most: number): boolean {
    const limit = this.rows[this.rows.length - most]?.order;
    if (limit === undefined) return false;
    const seam = this.#starts.filter((cut) => cut.order >= limit).sort(byOrder)[0];
    const rows = seam ? this.rows.filter((row) => row.order >= seam.order) : this.rows;
    if (!seam || rows.length === this.rows.length || rows.length === 0) return false;
    this.rows = rows;
    this.before = seam.cursor;
    return true;
  }

  /** The same at the newer end. */
  trimNewer(most: number): boolean {
    const limit = this.rows[most - 1]?.order;
    if (limit === undefined) return false;
    const seam = this.#ends.filter((cut) => cut.order <= limit).sort(byOrder).at(-1);
    const rows = seam ? this.rows.filter((row) => row.order <= seam.order) : this.rows;
    if (!seam || rows.length === this.rows.length || rows.length === 0) return false;
    this.rows = rows;
    this.after = seam.cursor;
    return true;
  }

  /** Rows beyond what is loaded stay out: they would leave a gap. */
  upsert(rows: readonly MessageRow[]): void {
    if (!this.loaded) {
      this.#early.push(() => this.upsert(rows));
      return;
    }
    const byId = new Map(this.rows.map((row) => [row.id, row]));
    const oldest = this.rows[0]?.order ?? "";
    const newest = this.rows.at(-1)?.order ?? "";
    let touched = false;
    for (const row of rows) {
      const beyond =
        (this.before !== null && row.order < oldest) || (this.after !== null && row.order > newest);
      if (beyond) touched = byId.delete(row.id) || touched;
      else {
        byId.set(row.id, row);
        touched = true;
      }
    }
    if (touched) this.rows = [...byId.values()].sort(later);
  }

  drop(id: string): void {
    if (!this.loaded) this.#early.push(() => this.drop(id));
    else if (this.rows.some((row) => row.id === id)) this.rows = this.rows.filter((row) => row.id !== id);
  }
}

function byOrder(a: Cut, b: Cut): number {
  return a.order < b.order ? -1 : 1;
}
