import Copy from "@lucide/svelte/icons/copy";
import Forward from "@lucide/svelte/icons/forward";
import Info from "@lucide/svelte/icons/info";
import Pencil from "@lucide/svelte/icons/pencil";
import Reply from "@lucide/svelte/icons/reply";
import Retry from "@lucide/svelte/icons/rotate-cw";
import Smile from "@lucide/svelte/icons/smile-plus";
import Trash from "@lucide/svelte/icons/trash-2";
import type { MessageRow } from "../../core";
import type { Anchor, MenuItem } from "../../design/Menu.svelte";
import { m } from "../../paraglide/messages.js";
import { alive, editable } from "../../state/conversation.svelte.ts";
import type { Acts } from "./acts.svelte.ts";

/** What the menu of a message offers; `anchor` is where the choice of emoji opens. */
export function menuOf(row: MessageRow, acts: Acts, anchor: Anchor): MenuItem[] {
  const items: MenuItem[] = [];
  if (row.state === "failed") {
    items.push({ label: m.timeline_retry(), icon: Retry, onselect: () => void acts.retry(row) });
    items.push({ label: m.action_copy(), icon: Copy, testid: "menu-copy", onselect: () => acts.copy(row) });
    items.push("line", { label: m.timeline_discard(), icon: Trash, danger: true, onselect: () => void acts.discard(row) });
    return items;
  }
  if (alive(row)) {
    const pick = () => acts.pickReaction(row, anchor);
    items.push({ label: m.action_react(), icon: Smile, testid: "menu-react", onselect: pick });
    items.push({ label: m.action_reply(), icon: Reply, testid: "menu-reply", onselect: () => acts.reply(row) });
  }
  if (editable(row)) {
    items.push({ label: m.action_edit(), icon: Pencil, testid: "menu-edit", onselect: () => acts.edit(row) });
  }
  if (row.kind === "text") {
    items.push({ label: m.action_copy(), icon: Copy, testid: "menu-copy", onselect: () => acts.copy(row) });
  }
  if (alive(row)) {
    items.push({ label: m.action_forward(), icon: Forward, testid: "menu-forward", onselect: () => acts.forward(row) });
  }
  items.push({ label: m.action_details(), icon: Info, testid: "menu-details", onselect: () => acts.details(row) });
  if (row.own && row.kind === "text") {
    items.push("line", {
      label: m.action_delete(),
      icon: Trash,
      danger: true,
      testid: "menu-delete",
      onselect: () => acts.delete(row),
    });
  }
  return items;
}
