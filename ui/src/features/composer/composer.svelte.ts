import type { MessageRow, Priority } from "../../core";
import { type Conversation, editable } from "../../state/conversation.svelte.ts";
import type { Store } from "../../state/store.svelte.ts";
import { explain } from "../../state/words";
import { m } from "../../paraglide/messages.js";
import { type Everyone, MENTIONS, mentionsIn, type Person } from "./complete";
import { Typing } from "./typing";

/** The most one message holds, in bytes of UTF-8. */
export const TEXT_LIMIT = 64 * 1024;

const utf8 = new TextEncoder();

/** The line one writes in: what is written is a draft, kept by the core, until it is sent. */
export class Composer {
  problem = $state<string | null>(null);
  priority = $state<Priority>("normal");

  readonly chat: string;
  readonly text = $derived.by(() => this.store.drafts.get(this.chat).text);
  /** Bytes beyond the limit; zero within it. Short texts cannot reach it and are not measured. */
  readonly over = $derived.by(() =>
    this.text.length * 3 <= TEXT_LIMIT
      ? 0
      : Math.max(0, utf8.encode(this.text.trim()).length - TEXT_LIMIT),
  );
  readonly sendable = $derived.by(() => this.text.trim() !== "" && this.over === 0);
  readonly typing: Typing;
  /** What was written before one began to change an older message. */
  #aside = "";

  constructor(
    readonly store: Store,
    readonly conversation: Conversation,
  ) {
    this.chat = conversation.chat;
    this.typing = new Typing(store.core, this.chat);
    conversation.startEdit = (row) => this.edit(row);
  }

  /** Brings back what was written here before. */
  async open(): Promise<void> {
    try {
      await this.store.drafts.open(this.chat);
      const { replyTo, editing } = this.store.drafts.get(this.chat);
      if (replyTo !== null) this.conversation.replyTo = await this.#row(replyTo);
      if (editing !== null) {
        const row = await this.#row(editing);
        if (row && editable(row)) this.conversation.editing = row;
        else this.problem = m.composer_gone();
      }
    } catch (error) {
      this.problem = explain(error);
    }
  }

  async #row(id: string): Promise<MessageRow | null> {
    const here = this.store.timeline(this.chat).rows.find((row) => row.id === id);
    if (here) return here;
    return (await this.store.core.messageDetails(id).catch(() => null))?.message ?? null;
  }

  leave(): void {
    this.typing.stop();
    this.store.drafts.flush();
  }

  /** Whom a message can mention: a group's participants; else the other of a direct chat, and whoever has written. */
  people(): Person[] {
    const participants = this.store.groups.participants(this.chat);
    if (participants.length > 0) return participants.filter(({ own }) => !own);
    const known = new Map<string, Person>();
    const chat = this.store.chats.get(this.chat);
    if (chat?.peer) known.set(chat.peer, { account: chat.peer, name: chat.title });
    for (const { own, author, authorName } of this.store.timeline(this.chat).rows) {
      if (!own && !known.has(author)) known.set(author, { account: author, name: authorName });
    }
    return [...known.values()];
  }

  /** The word for all of a group; null where there is none. */
  everyone(): Everyone | null {
    const count = this.store.groups.participants(this.chat).length - 1;
    if (count < 2 || count > MENTIONS) return null;
    return { word: m.composer_all(), hint: m.composer_all_hint({ count }) };
  }

  write(text: string): void {
    this.problem = null;
    this.#keep(text);
    if (this.conversation.editing === null) this.typing.wrote(text === "");
  }

  #keep(text: string): void {
    const { replyTo, editing } = this.conversation;
    this.store.drafts.write(this.chat, { text, replyTo: replyTo?.id ?? null, editing: editing?.id ?? null });
  }

  /** Keeps what the next message answers together with what is written. */
  replyChanged(): void {
    const kept = this.store.drafts.get(this.chat).replyTo;
    if (kept !== (this.conversation.replyTo?.id ?? null)) this.#keep(this.text);
  }

  edit(row: MessageRow): void {
    if (this.conversation.editing === null) this.#aside = this.text;
    this.typing.stop();
    this.conversation.replyTo = null;
    this.conversation.editing = row;
    this.problem = null;
    this.#keep(row.text);
  }

  /** The newest of one's own, if nothing is being written. */
  editLast(): boolean {
    if (this.text !== "" || this.conversation.editing) return false;
    const row = this.conversation.lastOwn();
    if (row) this.edit(row);
    return row !== null;
  }

  /** Leaves the reply, or the change as it was; false when there is neither. */
  cancel(): boolean {
    const { replyTo, editing } = this.conversation;
    if (!replyTo && !editing) return false;
    this.#done();
    this.#keep(editing ? this.#aside : this.text);
    if (editing) this.#aside = "";
    return true;
  }

  #done(): void {
    this.conversation.replyTo = null;
    this.conversation.editing = null;
  }

  /** Sends what is written, or the change. If the core refuses, the text comes back unless something new was begun. */
  async send(): Promise<void> {
    if (!this.sendable) return;
    const { core } = this.store;
    const { replyTo, editing } = this.conversation;
    const { priority } = this;
    const written = this.text;
    const text = written.trim();
    const mentions = mentionsIn(text, this.people(), this.everyone());
    this.#done();
    this.typing.stop();
    this.priority = "normal";
    this.#keep(editing ? this.#aside : "");
    this.#aside = "";
    try {
      if (editing) {
        if (text !== editing.text) await core.editMessage(editing.id, text, mentions);
        return;
      }
      this.conversation.toEnd();
      await core.sendText(this.chat, text, { replyTo: replyTo?.id ?? null, mentions, priority });
    } catch (error) {
      if (this.text === "" && !this.conversation.editing) {
        this.conversation.replyTo = replyTo;
        this.conversation.editing = editing;
        this.priority = priority;
        this.#keep(written);
      } else if (!editing) this.#keep(`${written}\n${this.text}`);
      this.problem = explain(error);
    }
  }
}
