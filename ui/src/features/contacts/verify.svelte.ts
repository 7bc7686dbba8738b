import type { SafetyNumber } from "../../core";
import { m } from "../../paraglide/messages.js";
import { base64, PICTURE_LIMIT } from "../../state/picture";
import type { Store } from "../../state/store.svelte.ts";
import { explain } from "../../state/words";

/** Comparing a safety number: by eye, or with the code on the other's screen. */
export class Verify {
  number = $state.raw<SafetyNumber | null>(null);
  text = $state("");
  busy = $state(false);
  /** Why nothing was compared, or what came of it. */
  problem = $state<string | null>(null);

  constructor(
    readonly store: Store,
    readonly account: string,
  ) {}

  /** The number as it is now: it is another one as soon as somebody has another device. */
  async load(): Promise<void> {
    try {
      this.number = await this.store.core.safetyNumber(this.account);
    } catch (error) {
      this.problem = explain(error);
    }
  }

  /** The person saw the same digits on both screens. */
  async match(): Promise<void> {
    const { number } = this;
    if (number !== null) await this.#compare(() => this.store.core.verify(this.account, number.digits));
  }

  async readText(): Promise<void> {
    const text = this.text.trim();
    if (text !== "") await this.#compare(() => this.store.core.verifyCode(this.account, text));
  }

  async readPicture(picture: Blob): Promise<void> {
    if (picture.size > PICTURE_LIMIT) {
      this.problem = m.read_too_large();
      return;
    }
    const { core } = this.store;
    await this.#compare(async () => core.verifyCode(this.account, await core.codeInPicture(await base64(picture))));
  }

  async readFile(path: string): Promise<void> {
    const { core } = this.store;
    await this.#compare(async () => core.verifyCode(this.account, await core.codeInFile(path)));
  }

  async undo(): Promise<void> {
    await this.#compare(() => this.store.core.unverify(this.account));
  }

  async #compare(act: () => Promise<void>): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    this.problem = null;
    try {
      await act();
      this.text = "";
    } catch (error) {
      this.problem = explain(error);
    } finally {
      this.busy = false;
    }
    await this.load();
  }
}
