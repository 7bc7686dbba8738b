import MessageSquare from "@lucide/svelte/icons/message-square";
import Shield from "@lucide/svelte/icons/shield";
import ShieldOff from "@lucide/svelte/icons/shield-off";
import UserMinus from "@lucide/svelte/icons/user-minus";
import type { ParticipantRow } from "../../core";
import type { MenuItem } from "../../design/Menu.svelte";
import { m } from "../../paraglide/messages.js";
import type { Navigation } from "../../state/navigation.svelte.ts";
import type { Group } from "./group.svelte.ts";

/** What can be done about a participant; nothing about oneself, and nothing a member may not do. */
export function menuOf(row: ParticipantRow, group: Group, navigation: Navigation): MenuItem[] {
  if (row.own) return [];
  const { account } = row;
  const items: MenuItem[] = [];
  const chat = group.store.chatList.find(({ peer }) => peer === account);
  if (chat) {
    items.push({ label: m.group_message(), icon: MessageSquare, testid: "participant-message", onselect: () => navigation.open(chat.id) });
  }
  if (!group.admin) return items;
  if (row.role === "admin") {
    const onselect = () => void group.setRole(account, "member");
    items.push({ label: m.group_make_member(), icon: ShieldOff, testid: "participant-member", onselect });
  } else if (row.kind === "user") {
    const onselect = () => void group.setRole(account, "admin");
    items.push({ label: m.group_make_admin(), icon: Shield, testid: "participant-admin", onselect });
  }
  items.push("line", {
    label: m.group_remove(),
    icon: UserMinus,
    danger: true,
    testid: "participant-remove",
    onselect: () => navigation.show("removeParticipant", account),
  });
  return items[0] === "line" ? items.slice(1) : items;
}
