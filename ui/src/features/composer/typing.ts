import type { Core } from "../../core";

/** Others are told again this often while one writes. */
export const AGAIN_MS = 3_000;
/** After this rest one no longer writes. */
export const REST_MS = 5_000;

/** Tells the others of a chat that one writes, and that one stopped. */
export class Typing {
  #toldAt: number | null = null;
  #rest: ReturnType<typeof setTimeout> | undefined;

  constructor(
    readonly core: Core,
    readonly chat: string,
  ) {}

  /** A letter came or went. */
  wrote(empty: boolean): void {
    if (empty) return this.stop();
    clearTimeout(this.#rest);
    this.#rest = setTimeout(() => this.stop(), REST_MS);
    const now = performance.now();
    if (this.#toldAt !== null && now - this.#toldAt < AGAIN_MS) return;
    this.#toldAt = now;
    this.#tell(true);
  }

  stop(): void {
    clearTimeout(this.#rest);
    if (this.#toldAt === null) return;
    this.#toldAt = null;
    this.#tell(false);
  }

  #tell(on: boolean): void {
    // A signal is worth nothing later: what could not be told is forgotten.
    this.core.typing(this.chat, on).catch(() => undefined);
  }
}
