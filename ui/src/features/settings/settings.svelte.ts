import type { ConnectionSettings, Privacy, Proxy } from "../../core";
import type { Store } from "../../state/store.svelte.ts";
import { explain } from "../../state/words";
import { m } from "../../paraglide/messages.js";

/** From, to, and what a number is counted in. */
export const LIMITS = {
  heartbeat: [5, 300],
  silence: [8, 600],
  shortestPause: [100, 60_000],
  longestPause: [1, 3_600],
} as const;

/** Seconds an answer is given at least. */
const ANSWER = 3;

export type Measure = keyof typeof LIMITS;
export type Wrong = Partial<Record<Measure | "address" | "user", string>>;

/** What is wrong with these settings, by field, in words. */
export function wrongWith(settings: ConnectionSettings): Wrong {
  const wrong: Wrong = {};
  for (const [measure, [from, to]] of Object.entries(LIMITS) as [Measure, readonly [number, number]][]) {
    const value = settings[measure];
    if (!Number.isInteger(value) || value < from || value > to) wrong[measure] = m.settings_between({ from, to });
  }
  if (!wrong.silence && !wrong.heartbeat && settings.silence < settings.heartbeat + ANSWER) {
    wrong.silence = m.settings_silence_short({ seconds: settings.heartbeat + ANSWER });
  }
  if (!wrong.longestPause && !wrong.shortestPause && settings.longestPause * 1000 < settings.shortestPause) {
    wrong.longestPause = m.settings_pause_order();
  }
  const { kind, address } = settings.proxy;
  if ((kind === "http" || kind === "socks5") && !isAddress(address)) wrong.address = m.settings_address_wrong();
  if (kind !== "none" && kind !== "system" && settings.proxy.user === "" && settings.proxy.password !== "") {
    wrong.user = m.settings_user_missing();
  }
  return wrong;
}

/** "host:port", "[::1]:port". */
function isAddress(text: string): boolean {
  const match = /^(\[[0-9a-f:.]+\]|[^\s:/@[\]]+):(\d{1,5})$/i.exec(text.trim());
  const port = Number(match?.[2] ?? 0);
  return port >= 1 && port <= 65_535;
}

/** What the person has set. Privacy holds at once; the connection's numbers once they are right and saved. */
export class Settings {
  privacy = $state.raw<Privacy | null>(null);
  connection = $state.raw<ConnectionSettings | null>(null);
  /** The connection's settings as they stand in the fields. */
  edited = $state.raw<ConnectionSettings | null>(null);
  problem = $state<string | null>(null);
  saved = $state(false);

  readonly wrong = $derived.by(() => (this.edited ? wrongWith(this.edited) : {}));
  readonly changed = $derived.by(() => JSON.stringify(this.edited) !== JSON.stringify(this.connection));
  readonly savable = $derived.by(() => this.changed && Object.keys(this.wrong).length === 0);

  constructor(readonly store: Store) {}

  async load(): Promise<void> {
    const { core } = this.store;
    await this.#try(async () => {
      [this.privacy, this.connection] = await Promise.all([core.privacy(), core.connectionSettings()]);
      this.edited = this.connection;
    });
  }

  /** Shown at once; if the core refuses, as it was. */
  async show(change: Partial<Privacy>): Promise<void> {
    const before = this.privacy;
    if (before === null) return;
    const wanted = { ...before, ...change };
    this.privacy = wanted;
    await this.#try(() => this.store.core.setPrivacy(wanted));
    if (this.problem !== null) this.privacy = before;
  }

  edit(change: Partial<ConnectionSettings>): void {
    if (this.edited) this.edited = { ...this.edited, ...change };
    this.saved = false;
  }

  editProxy(change: Partial<Proxy>): void {
    if (this.edited) this.edit({ proxy: { ...this.edited.proxy, ...change } });
  }

  async save(): Promise<void> {
    const wanted = this.edited;
    if (wanted === null || !this.savable) return;
    const trimmed = { ...wanted, proxy: { ...wanted.proxy, address: wanted.proxy.address.trim() } };
    await this.#try(async () => {
      await this.store.core.setConnectionSettings(trimmed);
      this.connection = trimmed;
      this.edited = trimmed;
      this.saved = true;
    });
  }

  async #try(act: () => Promise<void>): Promise<void> {
    this.problem = null;
    try {
      await act();
    } catch (error) {
      this.problem = explain(error);
    }
  }
}
