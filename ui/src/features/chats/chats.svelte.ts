import type { ChatRow } from "../../core";
import { m } from "../../paraglide/messages.js";
import { isolated, lastLine } from "../../state/people";
import type { Store } from "../../state/store.svelte.ts";
import { short } from "../../state/time";
import { stateWord } from "../../state/words";

/** The second line of a row. */
export type Line = { kind: "draft" | "typing" | "last"; text: string };

/** The list of chats: which are shown, and what each row says. */
export class Chats {
  filter = $state("");
  /** Whether the archive stands where the list stood. */
  archive = $state(false);
  /** Why something asked of a chat was refused. */
  problem = $state<string | null>(null);

  readonly archived = $derived.by(() => this.store.chatList.filter((chat) => chat.archived));
  /** A name finds archived chats too. */
  readonly shown = $derived.by(() => {
    const wanted = folded(this.filter.trim());
    const { chatList } = this.store;
    if (wanted !== "") return chatList.filter((chat) => folded(chat.title).includes(wanted));
    return chatList.filter((chat) => chat.archived === this.archive);
  });

  constructor(readonly store: Store) {}

  /** Who writes comes first; a draft shows only while another chat is open. */
  line(chat: ChatRow, selected: boolean): Line {
    const [typist] = this.store.typists.get(chat.id) ?? [];
    if (typist) {
      const name = isolated(typist.name);
      return { kind: "typing", text: chat.kind === "group" ? m.typing_row_name({ name }) : m.typing_row() };
    }
    const draft = selected ? null : this.store.drafts.line(chat);
    if (draft !== null) return { kind: "draft", text: draft };
    if (chat.last === null) return { kind: "last", text: m.chats_row_new() };
    const text = lastLine(chat.last, this.store.account?.id ?? null);
    return { kind: "last", text: chat.kind === "group" && chat.last.kind === "text" ? by(chat.last, text) : text };
  }

  /** All of a row in one sentence, in the order it is drawn. */
  spoken(chat: ChatRow, selected: boolean, now: number): string {
    const { kind, text } = this.line(chat, selected);
    const parts: string[] = [chat.title];
    if (chat.last !== null) parts.push(short(chat.last.at, now));
    parts.push(kind === "draft" ? `${m.chats_row_draft()} ${text}` : text);
    if (chat.unread > 0) parts.push(m.chats_row_unread({ count: chat.unread }));
    if (chat.mentions > 0) parts.push(m.chats_row_mentioned());
    parts.push(...standing(chat));
    if (chat.last?.own && kind === "last" && ticked(chat.last)) parts.push(stateWord(chat.last.state));
    return parts.join(", ");
  }
}

/** What small signs beside a name say. */
export function standing(chat: ChatRow): string[] {
  const words: string[] = [];
  if (chat.trust === "verified") words.push(m.chats_row_verified());
  if (chat.trust === "changed") words.push(m.chats_row_changed());
  if (chat.pinned) words.push(m.chats_row_pinned());
  if (chat.muted) words.push(m.chats_row_muted());
  if (chat.archived) words.push(m.chats_row_archived());
  if (chat.blocked) words.push(m.chats_row_blocked());
  return words;
}

/** In a group: who said it. */
function by({ own, authorName }: NonNullable<ChatRow["last"]>, text: string): string {
  if (own) return m.chats_row_you({ text });
  return authorName === null ? text : m.chats_row_by({ name: isolated(authorName), text });
}

/** Whether how far the newest message has come is worth a sign. */
export function ticked({ own, kind }: NonNullable<ChatRow["last"]>): boolean {
  return own && (kind === "text" || kind === "unknown");
}

/** For comparing as people do: "ada" finds "Áda". */
function folded(text: string): string {
  return text.normalize("NFD").replace(/\p{M}/gu, "").toLocaleLowerCase();
}
