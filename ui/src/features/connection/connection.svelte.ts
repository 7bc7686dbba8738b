import type { ConnectionRow } from "../../core";
import { m } from "../../paraglide/messages.js";
import type { Store } from "../../state/store.svelte.ts";
import { sentence } from "../../state/words";

/** How we are connected, in words. */
export class Connection {
  trying = $state(false);

  readonly row = $derived.by(() => this.store.connection);
  readonly state = $derived.by(() => this.row?.state ?? "connecting");

  constructor(readonly store: Store) {}

  /** "Connected" */
  get word(): string {
    return {
      connected: m.connection_connected,
      connecting: m.connection_connecting,
      offline: m.connection_offline,
    }[this.state]();
  }

  /** "Connected · 18 ms" */
  get short(): string {
    const ms = this.state === "connected" ? (this.row?.roundTrip ?? null) : null;
    return ms === null
      ? this.word
      : m.connection_connected_time({ ms: Math.max(1, Math.round(ms)) });
  }

  /** The whole sentence at `now`: when offline also why, and when it is tried again. */
  line(now: number): string {
    const { row } = this;
    if (row === null || row.state !== "offline") return this.short;
    const problem = why(row);
    if (row.retryAt === null) return problem;
    const seconds = Math.ceil((row.retryAt - now) / 1000);
    return seconds > 0 ? m.connection_retry({ problem, seconds }) : m.connection_now();
  }

  async tryNow(): Promise<void> {
    this.trying = true;
    try {
      await this.store.core.reconnect();
    } catch {
      // The line already says that there is no connection, and why.
    } finally {
      this.trying = false;
    }
  }
}

function why(row: ConnectionRow): string {
  const { problem } = row;
  return problem === null || problem === "relayUnreachable"
    ? m.connection_unreachable()
    : sentence(problem);
}
