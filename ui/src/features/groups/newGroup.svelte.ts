import { SvelteMap } from "svelte/reactivity";
import { m } from "../../paraglide/messages.js";
import { type Contact, contactsOf } from "../../state/contacts";
import type { Store } from "../../state/store.svelte.ts";
import { explain } from "../../state/words";
import { shown, square } from "./picture";

/** A group in the making. */
export class NewGroup {
  name = $state("");
  busy = $state(false);
  problem = $state<string | null>(null);
  /** As it is shown. */
  picture = $state<string | null>(null);
  /** Whom one can add; null until it is known. */
  people = $state.raw<readonly Contact[] | null>(null);
  readonly chosen = new SvelteMap<string, Contact>();
  #picture: Blob | null = null;
  /** Made already, if only its picture was refused. */
  #made: string | null = null;

  constructor(readonly store: Store) {}

  async load(): Promise<void> {
    try {
      this.people = await contactsOf(this.store.core);
    } catch (error) {
      this.problem = explain(error);
    }
  }

  async choose(file: Blob | null): Promise<void> {
    this.problem = null;
    try {
      const picture = file && (await square(file));
      this.picture = picture && (await shown(picture));
      this.#picture = picture;
    } catch {
      this.problem = m.group_picture_unread();
    }
  }

  /** Makes it; its chat, null when the core refuses. */
  async create(): Promise<string | null> {
    if (this.busy) return null;
    this.busy = true;
    this.problem = null;
    const { core } = this.store;
    try {
      this.#made ??= await core.createGroup(this.name.trim(), [...this.chosen.keys()]);
      if (this.#picture) {
        await core.setGroupPicture(this.#made, new Uint8Array(await this.#picture.arrayBuffer()));
      }
      return this.#made;
    } catch (error) {
      this.problem = explain(error);
      return null;
    } finally {
      this.busy = false;
    }
  }
}
