import { SvelteMap } from "svelte/reactivity";
import type { Core, GroupRow, ParticipantRow } from "../core";

const NOBODY: readonly ParticipantRow[] = [];

/** Groups somebody looks at, by chat: asked for when first shown, and again when the core says they are different. */
export class Groups {
  readonly #rows = new SvelteMap<string, GroupRow>();
  readonly #asking = new Map<string, Promise<void>>();
  /** Those that became different while they were being asked for. */
  readonly #again = new Set<string>();

  constructor(readonly core: Core) {}

  get(chat: string): GroupRow | undefined {
    return this.#rows.get(chat);
  }

  participants(chat: string): readonly ParticipantRow[] {
    return this.#rows.get(chat)?.participants ?? NOBODY;
  }

  /** Asks for a group anew; what is shown of it stays until it is there. */
  load(chat: string): Promise<void> {
    const asking = this.#asking.get(chat);
    if (asking) {
      this.#again.add(chat);
      return asking;
    }
    const asked = this.#ask(chat).finally(() => this.#asking.delete(chat));
    this.#asking.set(chat, asked);
    return asked;
  }

  async #ask(chat: string): Promise<void> {
    do {
      this.#again.delete(chat);
      try {
        this.#rows.set(chat, await this.core.group(chat));
      } catch {
        // What is known stays. Whoever shows the group loads it again when it is shown again.
      }
    } while (this.#again.has(chat));
  }

  /** Something about a group is different; who never showed it does not care. */
  stale(chat: string): void {
    if (this.#rows.has(chat) || this.#asking.has(chat)) void this.load(chat);
  }

  async reload(): Promise<void> {
    await Promise.all([...this.#rows.keys()].map((chat) => this.load(chat)));
  }

  forget(chat: string): void {
    this.#rows.delete(chat);
  }
}
