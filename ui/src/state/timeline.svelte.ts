import type { MessageRow, Page } from "../core";

function later(a: MessageRow, b: MessageRow): number {
  return a.order < b.order ? -1 : a.order > b.order ? 1 : 0;
}

/** The loaded part of one chat, oldest first: always its newest end, reaching back as far as was asked. */
export class Timeline {
  rows = $state.raw<MessageRow[]>([]);
  /** Cursor of the older ones; null at the chat's beginning. */
  before = $state.raw<string | null>(null);
  loaded = $state(false);
  /** What came between asking for the first page and having it. */
  #early: (() => void)[] = [];

  /** Replaces everything by the newest page. */
  reset(page: Page): void {
    this.rows = [...page.rows].sort(later);
    this.before = page.before;
    this.loaded = true;
    for (const change of this.#early.splice(0)) change();
  }

  /** Puts the page asked for with cursor `asked` in front, unless the rows were replaced meanwhile. */
  prepend(page: Page, asked: string): void {
    if (asked !== this.before) return;
    const known = new Set(this.rows.map((row) => row.id));
    this.rows = [...page.rows.filter((row) => !known.has(row.id)), ...this.rows].sort(later);
    this.before = page.before;
  }

  /** Rows older than what is loaded stay out: they would leave a gap behind them. */
  upsert(rows: readonly MessageRow[]): void {
    if (!this.loaded) {
      this.#early.push(() => this.upsert(rows));
      return;
    }
    const byId = new Map(this.rows.map((row) => [row.id, row]));
    const oldest = this.rows[0]?.order ?? "";
    let touched = false;
    for (const row of rows) {
      if (!byId.has(row.id) && this.before !== null && row.order < oldest) continue;
      byId.set(row.id, row);
      touched = true;
    }
    if (touched) this.rows = [...byId.values()].sort(later);
  }

  drop(id: string): void {
    if (!this.loaded) this.#early.push(() => this.drop(id));
    else if (this.rows.some((row) => row.id === id)) this.rows = this.rows.filter((row) => row.id !== id);
  }
}
