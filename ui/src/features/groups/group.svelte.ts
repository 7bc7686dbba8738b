import type { Role } from "../../core";
import { m } from "../../paraglide/messages.js";
import { type Contact, contactsOf } from "../../state/contacts";
import type { Store } from "../../state/store.svelte.ts";
import { explain } from "../../state/words";
import { square } from "./picture";

/** A group one looks at, and what an admin does with it. What is asked for shows when the core says so. */
export class Group {
  problem = $state<string | null>(null);
  readonly row = $derived.by(() => this.store.groups.get(this.chat));
  /** Whether one may change it. */
  readonly admin = $derived(this.row?.role === "admin" && this.row.standing === "in");

  constructor(
    readonly store: Store,
    readonly chat: string,
  ) {}

  load(): Promise<void> {
    return this.store.groups.load(this.chat);
  }

  /** Whom one can add; null when the core refuses. */
  async contacts(): Promise<Contact[] | null> {
    let contacts: Contact[] | null = null;
    await this.#try(async () => {
      contacts = await contactsOf(this.store.core);
    });
    return contacts;
  }

  async rename(name: string): Promise<void> {
    const wanted = name.trim();
    if (wanted === "" || wanted === this.row?.name) return;
    await this.#try(() => this.store.core.renameGroup(this.chat, wanted));
  }

  async describe(text: string): Promise<void> {
    const wanted = text.trim();
    if (wanted === this.row?.description) return;
    await this.#try(() => this.store.core.describeGroup(this.chat, wanted));
  }

  /** To the relay at this URL. */
  async move(relay: string): Promise<void> {
    const wanted = relay.trim();
    if (wanted === "" || wanted === this.row?.relay) return;
    await this.#try(() => this.store.core.moveGroup(this.chat, wanted));
  }

  async stand(): Promise<void> {
    await this.#try(() => this.store.core.standForAdmin(this.chat));
  }

  /** `file` null: no picture any more. */
  async picture(file: Blob | null): Promise<void> {
    let bytes: Uint8Array | null = null;
    try {
      if (file) bytes = new Uint8Array(await (await square(file)).arrayBuffer());
    } catch {
      this.problem = m.group_picture_unread();
      return;
    }
    await this.#try(() => this.store.core.setGroupPicture(this.chat, bytes));
  }

  async setRole(account: string, role: Role): Promise<void> {
    await this.#try(() => this.store.core.setRole(this.chat, account, role));
  }

  async cancel(change: string): Promise<void> {
    await this.#try(() => this.store.core.cancelChange(this.chat, change));
  }

  /** These return whether the core took it. */
  add(accounts: string[]): Promise<boolean> {
    return this.#try(() => this.store.core.addParticipants(this.chat, accounts));
  }

  remove(account: string): Promise<boolean> {
    return this.#try(() => this.store.core.removeParticipant(this.chat, account));
  }

  leave(successor: string | null): Promise<boolean> {
    return this.#try(() => this.store.core.leaveGroup(this.chat, successor));
  }

  async #try(act: () => Promise<void>): Promise<boolean> {
    this.problem = null;
    try {
      await act();
      return true;
    } catch (error) {
      this.problem = explain(error);
      return false;
    }
  }
}
