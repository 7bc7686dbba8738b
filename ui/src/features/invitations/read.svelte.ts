import type { Preview, RequestRow } from "../../core";
import { m } from "../../paraglide/messages.js";
import { base64, PICTURE_LIMIT } from "../../state/picture";
import type { Store } from "../../state/store.svelte.ts";
import { explain } from "../../state/words";

/** Somebody's code: read it, show what it is, and only then ask. */
export class Read {
  text = $state("");
  greeting = $state("");
  reading = $state(false);
  connecting = $state(false);
  problem = $state<string | null>(null);
  preview = $state.raw<Preview | null>(null);
  #asked = $state.raw<RequestRow | null>(null);
  /** Counts readings, so that one overtaken by the next says nothing. */
  #turn = 0;

  /** One's own request as it stands now. */
  readonly request = $derived.by(() =>
    this.#asked === null ? null : (this.store.requests.get(this.#asked.id) ?? this.#asked),
  );

  constructor(readonly store: Store) {}

  readText(): Promise<void> {
    const text = this.text.trim();
    return text === "" ? Promise.resolve() : this.#read(async () => text);
  }

  readPicture(picture: Blob): Promise<void> {
    if (picture.size > PICTURE_LIMIT) {
      this.problem = m.read_too_large();
      return Promise.resolve();
    }
    return this.#read(async () => this.store.core.codeInPicture(await base64(picture)));
  }

  readFile(path: string): Promise<void> {
    return this.#read(() => this.store.core.codeInFile(path));
  }

  async #read(code: () => Promise<string>): Promise<void> {
    const turn = ++this.#turn;
    this.reading = true;
    this.problem = null;
    try {
      const preview = await this.store.core.preview(await code());
      if (turn === this.#turn) this.preview = preview;
    } catch (error) {
      if (turn === this.#turn) this.problem = explain(error);
    } finally {
      if (turn === this.#turn) this.reading = false;
    }
  }

  async connect(): Promise<void> {
    if (this.preview === null || this.connecting) return;
    this.connecting = true;
    this.problem = null;
    try {
      this.#asked = await this.store.core.accept(this.preview.code, this.greeting.trim());
    } catch (error) {
      this.problem = explain(error);
    } finally {
      this.connecting = false;
    }
  }

  /** Back to where a code is given. */
  again(): void {
    this.#turn += 1;
    this.#asked = null;
    this.preview = null;
    this.problem = null;
    this.reading = false;
    this.text = "";
    this.greeting = "";
  }
}
