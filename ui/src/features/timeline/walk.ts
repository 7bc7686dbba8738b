import type { MessageRow } from "../../core";
import { alive } from "../../state/conversation.svelte.ts";
import type { Acts } from "./acts.svelte.ts";
import type { Item } from "./items";
import type { View } from "./view.svelte.ts";

/** The message a key or a click is about. */
export function rowAt(items: readonly Item[], target: EventTarget | null): MessageRow | null {
  const id = target instanceof Element ? target.closest<HTMLElement>("[data-row]")?.dataset["row"] : undefined;
  const item = id === undefined ? undefined : items.find((it) => it.key === id);
  return item?.kind === "message" ? item.row : null;
}

/** Gives a message the focus, wherever it is. */
export async function focusRow(scroller: HTMLElement, view: View, acts: Acts, id: string): Promise<void> {
  acts.focused = id;
  await view.reveal(id);
  scroller.querySelector<HTMLElement>(`[data-row="${CSS.escape(id)}"]`)?.focus({ preventScroll: true });
}

/** Arrows walk from message to message; Enter and the menu key open a message's menu; Esc leads back to writing. */
export function onWalk(event: KeyboardEvent, scroller: HTMLElement, view: View, acts: Acts): void {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const { items } = view.timeline;
  const row = rowAt(items, event.target);
  const onRow = row !== null && event.target instanceof HTMLElement && event.target.matches("[data-row]");
  const onList = event.target === scroller;
  const done = () => event.preventDefault();

  if ((event.key === "ArrowUp" || event.key === "ArrowDown") && (onRow || onList)) {
    const step = event.key === "ArrowUp" ? -1 : 1;
    const list = view.list;
    const inView = list ? list.findItemIndex(list.getScrollOffset() + list.getViewportSize() - 24) + 1 : items.length;
    let at = (onRow ? items.findIndex((item) => item.key === row.id) : inView) + step;
    while (items[at] && items[at]?.kind !== "message") at += step;
    const next = items[at];
    if (next?.kind === "message") void focusRow(scroller, view, acts, next.row.id);
    done();
  } else if (onRow && (event.key === "Enter" || event.key === "ContextMenu" || (event.shiftKey && event.key === "F10"))) {
    const bubble = (event.target as HTMLElement).querySelector<HTMLElement>(".hold");
    acts.openMenu(row, bubble ?? (event.target as HTMLElement));
    done();
  } else if (event.key === "Escape" && row !== null) {
    acts.focused = null;
    acts.conversation.focusComposer();
    done();
  }
}

/** Ctrl+Shift+R answers, Ctrl+Shift+E reacts to the message under focus or pointer, else to the newest. */
export function onActKey(event: KeyboardEvent, scroller: HTMLElement, view: View, acts: Acts): void {
  if (!(event.ctrlKey || event.metaKey) || !event.shiftKey || event.altKey) return;
  const key = event.key.toLowerCase();
  const reply = key === "r" || event.code === "KeyR";
  if (!reply && key !== "e" && event.code !== "KeyE") return;
  const { rows } = view.timeline.rows;
  const row = rows.find((it) => it.id === acts.active) ?? rows.findLast((it) => alive(it) && (!reply || !it.own));
  if (!row) return;
  event.preventDefault();
  const at = scroller.querySelector<HTMLElement>(`[data-row="${CSS.escape(row.id)}"] .hold`);
  if (reply) acts.reply(row);
  else acts.pickReaction(row, at ?? scroller);
}
