import type { MessageRow } from "../../core";
import { daysBetween } from "../../state/time";

/** Messages of one author this close together stand as one group. */
const GROUPED_MS = 5 * 60_000;

/** Where the person had read up to when they came: `id` is the first message after. */
export type Divider = { id: string; count: number };

export type Item =
  | { kind: "day"; key: string; at: number }
  | { kind: "new"; key: string; count: number }
  | { kind: "notice"; key: string; row: MessageRow }
  /** `first` and `last` of a group of one author. */
  | { kind: "message"; key: string; row: MessageRow; first: boolean; last: boolean };

/** Lays messages out as lines: separators of days, the divider, groups. */
export function layOut(rows: readonly MessageRow[], divider: Divider | null): Item[] {
  const items: Item[] = [];
  let before: MessageRow | undefined;
  for (const row of rows) {
    if (!before || daysBetween(before.at, row.at) !== 0) {
      items.push({ kind: "day", key: `day ${row.id}`, at: row.at });
    }
    if (divider?.id === row.id) items.push({ kind: "new", key: "new", count: divider.count });
    if (row.kind === "notice") {
      items.push({ kind: "notice", key: row.id, row });
    } else {
      const above = items.at(-1);
      const joins =
        above?.kind === "message" &&
        above.row.author === row.author &&
        Math.abs(row.at - above.row.at) < GROUPED_MS;
      if (joins) above.last = false;
      items.push({ kind: "message", key: row.id, row, first: !joins, last: true });
    }
    before = row;
  }
  return items;
}

/** The day the item at `index` belongs to. */
export function dayAt(items: readonly Item[], index: number): number | null {
  for (let i = Math.min(index, items.length - 1); i >= 0; i -= 1) {
    const item = items[i];
    if (item?.kind === "day") return item.at;
  }
  return null;
}

/** The newest message of somebody else among the items up to `index`. */
export function newestHeard(items: readonly Item[], index: number): MessageRow | null {
  for (let i = Math.min(index, items.length - 1); i >= 0; i -= 1) {
    const item = items[i];
    if (item?.kind === "message" && !item.row.own) return item.row;
  }
  return null;
}
