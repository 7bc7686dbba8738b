import type { ChatRow } from "../../core";
import { m } from "../../paraglide/messages.js";
import type { Store } from "../../state/store.svelte.ts";
import { short } from "../../state/time";
import { stateWord } from "../../state/words";

/** The second line of a row. */
export type Line = { draft: boolean; text: string };

/** The list of chats: which are shown, and what each row says. */
export class Chats {
  filter = $state("");

  readonly shown = $derived.by(() => {
    const wanted = folded(this.filter.trim());
    const { chatList } = this.store;
    return wanted === "" ? chatList : chatList.filter((chat) => folded(chat.title).includes(wanted));
  });

  constructor(readonly store: Store) {}

  /** A draft shows in the list only while another chat is open. */
  line(chat: ChatRow, selected: boolean): Line {
    const draft = selected ? "" : (this.store.drafts.get(chat.id) ?? "").trim();
    if (draft !== "") return { draft: true, text: draft };
    if (chat.last === null) return { draft: false, text: m.chats_row_new() };
    const own = chat.last.own && chat.kind === "group";
    return { draft: false, text: own ? m.chats_row_you({ text: chat.last.text }) : chat.last.text };
  }

  /** All of a row in one sentence, in the order it is drawn. */
  spoken(chat: ChatRow, selected: boolean, now: number): string {
    const { draft, text } = this.line(chat, selected);
    const parts: string[] = [chat.title];
    if (chat.last !== null) parts.push(short(chat.last.at, now));
    parts.push(draft ? `${m.chats_row_draft()} ${text}` : text);
    if (chat.unread > 0) parts.push(m.chats_row_unread({ count: chat.unread }));
    if (chat.last?.own && !draft) parts.push(stateWord(chat.last.state));
    return parts.join(", ");
  }
}

/** For comparing as people do: "ada" finds "Áda". */
function folded(text: string): string {
  return text.normalize("NFD").replace(/\p{M}/gu, "").toLocaleLowerCase();
}
