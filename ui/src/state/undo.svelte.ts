import { SvelteSet } from "svelte/reactivity";
import type { Core } from "../core";
import { explain } from "./words";

/** How long a deletion can be taken back before the core is told. */
export const UNDO_MS = 5_000;

/** Deletions that can still be taken back: until then only this window shows them done. */
export class Deletions {
  /** The one that can still be taken back. */
  pending = $state<string | null>(null);
  problem = $state<string | null>(null);
  /** All that are going, also while the core is being told. */
  readonly going = new SvelteSet<string>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(readonly core: Core) {}

  /** Deletes in a moment. One that still waits is carried out now. */
  later(id: string): void {
    this.flush();
    this.problem = null;
    this.pending = id;
    this.going.add(id);
    this.#timer = setTimeout(() => this.flush(), UNDO_MS);
  }

  undo(): void {
    clearTimeout(this.#timer);
    if (this.pending !== null) this.going.delete(this.pending);
    this.pending = null;
  }

  /** Tells the core at once: the time is over, or the page goes away. */
  flush(): void {
    clearTimeout(this.#timer);
    const id = this.pending;
    if (id === null) return;
    this.pending = null;
    this.core
      .deleteMessage(id)
      .catch((error: unknown) => {
        this.problem = explain(error);
      })
      .finally(() => this.going.delete(id));
  }
}
