import { SvelteMap } from "svelte/reactivity";
import type {
  AccountRow,
  ChatRow,
  ConnectionRow,
  Core,
  GoneKind,
  GroupInvitationRow,
  InvitationRow,
  LocalNetworkRow,
  MessageRow,
  PresenceRow,
  Problem,
  RequestRow,
  Startup,
  Update,
} from "../core";
import { Drafts } from "./drafts.svelte.ts";
import { Groups } from "./groups.svelte.ts";
import { Timeline } from "./timeline.svelte.ts";

/** Loaded chats kept for going back and forth; the least recently opened goes first. */
const TIMELINES_KEPT = 8;
/** Updates held back while everything loads; beyond it they are dropped and everything loads again. */
const UPDATES_HELD = 500;

/** Somebody who is writing. */
export type Typist = { account: string; name: string };

export type Phase = "loading" | "failed" | "welcome" | "ready";

/** Everything the core has told us, by id. It holds no truth: dropping it and loading again shows the same. */
export class Store {
  phase = $state<Phase>("loading");
  /** Why `phase` is failed. */
  problem = $state.raw<Problem | null>(null);
  startup = $state.raw<Startup | null>(null);
  account = $state.raw<AccountRow | null>(null);
  connection = $state.raw<ConnectionRow | null>(null);
  /** The relay inside Snug, for others in the local network. */
  localNetwork = $state.raw<LocalNetworkRow | null>(null);

  readonly chats = new SvelteMap<string, ChatRow>();
  readonly invitations = new SvelteMap<string, InvitationRow>();
  readonly requests = new SvelteMap<string, RequestRow>();
  /** Groups one is invited to. */
  readonly groupInvitations = new SvelteMap<string, GroupInvitationRow>();
  /** By account. */
  readonly presences = new SvelteMap<string, PresenceRow>();
  /** Who is writing, by chat. */
  readonly typists = new SvelteMap<string, readonly Typist[]>();
  /** What is written and not sent. */
  readonly drafts: Drafts;
  readonly groups: Groups;

  /** Pinned ones, then the newest, archived ones at the end. */
  readonly chatList = $derived([...this.chats.values()].sort((a, b) => rank(a) - rank(b) || b.sortedAt - a.sortedAt));
  readonly requestList = $derived([...this.requests.values()].sort((a, b) => b.at - a.at));
  readonly invitationList = $derived(
    [...this.invitations.values()].sort((a, b) => b.createdAt - a.createdAt),
  );
  /** Of a muted chat only what names this account. */
  readonly unread = $derived(
    this.chatList.reduce((sum, chat) => sum + (chat.muted ? chat.mentions : chat.unread), 0),
  );
  readonly incoming = $derived(
    this.requestList.filter((request) => request.incoming && request.state === "waiting"),
  );

  readonly groupInvitationList = $derived([...this.groupInvitations.values()].sort((a, b) => b.at - a.at));

  readonly #timelines = new Map<string, Timeline>();
  readonly #arrivals = new Set<(row: MessageRow) => void>();
  #held: Update[] | null = null;
  #again = false;
  #listening = false;

  constructor(readonly core: Core) {
    this.drafts = new Drafts(core);
    this.groups = new Groups(core);
  }

  /** Asks the core who we are and loads what there is. Also what "Try again" does. */
  async open(): Promise<void> {
    this.phase = "loading";
    this.problem = null;
    try {
      if (!this.#listening) {
        await this.core.onUpdate((update) => this.receive(update));
        this.#listening = true;
      }
      this.startup = await this.core.startup();
      if (this.startup.account === null) {
        this.phase = "welcome";
        return;
      }
      await this.enter(this.startup.account);
    } catch (error) {
      this.problem = error as Problem;
      this.phase = "failed";
    }
  }

  /** Gives the passphrase that opening failed for; the page stays until it was right. */
  async unlock(passphrase: string): Promise<void> {
    try {
      await this.core.unlock(passphrase);
    } catch (error) {
      this.#fail(error);
      return;
    }
    await this.open();
  }

  async enter(account: AccountRow): Promise<void> {
    this.account = account;
    await this.reload();
    this.phase = "ready";
  }

  /** Loads every list anew; what arrives meanwhile is applied on top. */
  async reload(): Promise<void> {
    if (this.#held !== null) {
      this.#again = true;
      return;
    }
    this.#held = [];
    try {
      do {
        this.#again = false;
        this.#held = [];
        await this.#load();
      } while (this.#again);
    } finally {
      const held = this.#held;
      this.#held = null;
      for (const update of held) this.apply(update);
    }
  }

  async #load(): Promise<void> {
    const [chats, invitations, requests, groupInvitations, connection, local, presences] = await Promise.all([
      this.core.chats(),
      this.core.invitations(),
      this.core.requests(),
      this.core.groupInvitations(),
      this.core.connection(),
      this.core.localNetwork(),
      this.core.presences(),
    ]);
    replace(this.chats, chats);
    replace(this.invitations, invitations);
    replace(this.requests, requests);
    replace(this.groupInvitations, groupInvitations);
    this.connection = connection;
    this.localNetwork = local;
    this.presences.clear();
    for (const row of presences) this.presences.set(row.account, row);
    // Whoever still writes says so again within seconds.
    this.typists.clear();
    await this.groups.reload();
    for (const [chat, timeline] of [...this.#timelines]) {
      if (!this.chats.has(chat)) this.#timelines.delete(chat);
      else if (timeline.loaded) {
        const limit = Math.max(60, timeline.rows.length);
        timeline.reset(await this.core.messages(chat, { limit }));
      }
    }
  }

  receive(update: Update): void {
    if (update.type === "resync") {
      // Before there is an account nothing is loaded that could be stale.
      if (this.account) void this.reload().catch((error: unknown) => this.#fail(error));
    } else if (this.#held === null) {
      this.apply(update);
    } else if (this.#held.length < UPDATES_HELD) {
      this.#held.push(update);
    } else {
      this.#again = true;
    }
  }

  apply(update: Update): void {
    if (update.type === "connection") {
      this.connection = update.row;
    } else if (update.type === "localNetwork") {
      this.localNetwork = update.row;
    } else if (update.type === "presence") {
      for (const row of update.rows) this.presences.set(row.account, row);
    } else if (update.type === "typing") {
      this.#type(update.chat, update.account, update.on ? update.name : null);
    } else if (update.type === "changed") {
      for (const row of update.chats) this.#putChat(row);
      for (const row of update.invitations) this.invitations.set(row.id, row);
      for (const row of update.requests) this.requests.set(row.id, row);
      for (const row of update.groupInvitations) this.groupInvitations.set(row.id, row);
      for (const id of update.groups) this.groups.stale(id);
      this.#applyMessages(update.messages);
      for (const { kind, id } of update.gone) this.#drop(kind, id);
    }
  }

  #putChat(row: ChatRow): void {
    const before = this.chats.get(row.id);
    this.chats.set(row.id, row);
    // Who was verified or blocked is so wherever they take part.
    if (before && (before.trust !== row.trust || before.blocked !== row.blocked)) void this.groups.reload();
  }

  /** `name` null: no longer. */
  #type(chat: string, account: string, name: string | null): void {
    const before = this.typists.get(chat) ?? [];
    const others = before.filter((typist) => typist.account !== account);
    if (name === null && others.length === before.length) return;
    const now = name === null ? others : [...others, { account, name }];
    if (now.length === 0) this.typists.delete(chat);
    else this.typists.set(chat, now);
  }

  #applyMessages(rows: readonly MessageRow[]): void {
    for (const [chat, timeline] of this.#timelines) {
      const group = rows.filter((row) => row.chat === chat);
      if (group.length === 0) continue;
      const known = new Set(timeline.rows.map((row) => row.id));
      timeline.upsert(group);
      for (const row of group) {
        if (known.has(row.id) || !timeline.rows.includes(row)) continue;
        this.#type(chat, row.author, null);
        for (const heard of this.#arrivals) heard(row);
      }
    }
  }

  #drop(kind: GoneKind, id: string): void {
    if (kind === "chat") {
      this.chats.delete(id);
      this.drafts.forget(id);
      this.typists.delete(id);
      this.#timelines.delete(id);
      this.groups.forget(id);
    } else if (kind === "groupInvitation") {
      this.groupInvitations.delete(id);
    } else if (kind === "invitation") {
      this.invitations.delete(id);
    } else if (kind === "request") {
      this.requests.delete(id);
    } else {
      for (const timeline of this.#timelines.values()) timeline.drop(id);
    }
  }

  #fail(error: unknown): void {
    this.problem = error as Problem;
    this.phase = "failed";
  }

  /** The chat's timeline, made when first asked for. */
  timeline(chat: string): Timeline {
    const timeline = this.#timelines.get(chat) ?? new Timeline();
    this.#timelines.delete(chat);
    this.#timelines.set(chat, timeline);
    for (const oldest of this.#timelines.keys()) {
      if (this.#timelines.size <= TIMELINES_KEPT) break;
      this.#timelines.delete(oldest);
    }
    return timeline;
  }

  /** Tells of every message that newly appears in a loaded timeline. */
  onArrival(heard: (row: MessageRow) => void): () => void {
    this.#arrivals.add(heard);
    return () => this.#arrivals.delete(heard);
  }
}

function rank({ pinned, archived }: ChatRow): number {
  return archived ? 2 : pinned ? 0 : 1;
}

function replace<T extends { id: string }>(map: SvelteMap<string, T>, rows: readonly T[]): void {
  const ids = new Set(rows.map((row) => row.id));
  for (const id of [...map.keys()]) if (!ids.has(id)) map.delete(id);
  for (const row of rows) map.set(row.id, row);
}
