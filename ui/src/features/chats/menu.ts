import Archive from "@lucide/svelte/icons/archive";
import ArchiveRestore from "@lucide/svelte/icons/archive-restore";
import Bell from "@lucide/svelte/icons/bell";
import BellOff from "@lucide/svelte/icons/bell-off";
import Pin from "@lucide/svelte/icons/pin";
import PinOff from "@lucide/svelte/icons/pin-off";
import type { ChatRow, Core } from "../../core";
import type { MenuItem } from "../../design/Menu.svelte";
import { m } from "../../paraglide/messages.js";

const EIGHT_HOURS = 8 * 3_600_000;

/** What the menu of a chat in the list offers; `told` hears why something was refused. */
export function menuOf(chat: ChatRow, core: Core, told: (error: unknown) => void): MenuItem[] {
  const item = (label: string, icon: typeof Pin, testid: string, act: () => Promise<void>): MenuItem => ({
    label,
    icon,
    testid,
    onselect: () => void act().catch(told),
  });
  const { id } = chat;
  const items: MenuItem[] = [];
  if (!chat.archived) {
    items.push(
      chat.pinned
        ? item(m.chats_unpin(), PinOff, "menu-unpin", () => core.setPinned(id, false))
        : item(m.chats_pin(), Pin, "menu-pin", () => core.setPinned(id, true)),
    );
  }
  if (chat.muted) {
    items.push(item(m.chats_unmute(), Bell, "menu-unmute", () => core.setMuted(id, false, null)));
  } else {
    items.push(item(m.chats_mute_8h(), BellOff, "menu-mute-8h", () => core.setMuted(id, true, EIGHT_HOURS)));
    items.push(item(m.chats_mute(), BellOff, "menu-mute", () => core.setMuted(id, true, null)));
  }
  items.push(
    chat.archived
      ? item(m.chats_unarchive(), ArchiveRestore, "menu-unarchive", () => core.setArchived(id, false))
      : item(m.chats_archive(), Archive, "menu-archive", () => core.setArchived(id, true)),
  );
  return items;
}
