import type {
  AccountRow,
  ChatRow,
  ConnectionDetails,
  ConnectionRow,
  ConnectionSettings,
  Core,
  Draft,
  Gone,
  GroupInvitationRow,
  InvitationRow,
  LocalNetworkRow,
  Mention,
  MessageDetails,
  MessageRow,
  NewInvitation,
  OwnPresence,
  Page,
  PageWish,
  PresenceRow,
  Preview,
  Privacy,
  PrivacyOverride,
  QrMatrix,
  RequestRow,
  SearchPage,
  SearchQuery,
  SendOptions,
  Startup,
  Stop,
  Update,
} from "./core";
import { FakeContacts, fakeQr } from "./fakeContacts";
import { problem } from "./fakeGroups";
import { detailsOf, messageRow } from "./rows";

export { problem };

export type Rows = {
  chats?: ChatRow[];
  messages?: MessageRow[];
  invitations?: InvitationRow[];
  requests?: RequestRow[];
  groupInvitations?: GroupInvitationRow[];
  /** Groups that are to be asked for again. */
  groups?: string[];
  gone?: Gone[];
};

/** A whole core in memory: what it is told it shows, and `calls` says what it was asked. */
export class FakeCore extends FakeContacts implements Core {
  account: AccountRow | null = { id: "me", name: "Jo Reyes", fingerprint: "4821 0937 5520 1846" };
  relay = "this computer";
  embedded = true;
  connectionRow: ConnectionRow = {
    relay: "this computer",
    embedded: true,
    state: "connected",
    since: Date.now(),
    roundTrip: 18,
    retryAt: null,
    problem: null,
    waiting: 0,
  };
  local: LocalNetworkRow = { available: true, on: false, address: null, problem: null };
  readonly copied: string[] = [];
  readonly drafts = new Map<string, Draft>();
  presenceRows: PresenceRow[] = [];
  own: OwnPresence = { state: "online", text: "", awayAfter: 300 };
  shown: Privacy = { typing: true, presence: true, receipts: true };
  readonly shownTo = new Map<string, PrivacyOverride>();
  settings: ConnectionSettings = {
    heartbeat: 20,
    silence: 45,
    shortestPause: 500,
    longestPause: 60,
    proxy: { kind: "system", address: "", user: "", password: "" },
  };
  /** Message id → how it read before, and who has it. */
  readonly details = new Map<string, Omit<MessageDetails, "message">>();
  /** Code → what its preview shows. */
  readonly previews = new Map<string, Preview>();
  pictureText = "SNUG:ADA";

  readonly #chats = new Map<string, ChatRow>();
  readonly #messages = new Map<string, MessageRow>();
  /** Of a chat, in order; made anew when something changed. */
  readonly #sorted = new Map<string, MessageRow[]>();
  readonly #invitations = new Map<string, InvitationRow>();
  readonly #requests = new Map<string, RequestRow>();
  readonly #handlers = new Set<(update: Update) => void>();
  readonly #drops = new Set<(path: string) => void>();
  #revision = 0;
  #written = 0;

  /** Puts rows in place and tells whoever listens. */
  override put(rows: Rows): void {
    this.#sorted.clear();
    for (const row of rows.chats ?? []) this.#chats.set(row.id, row);
    for (const row of rows.messages ?? []) this.#messages.set(row.id, row);
    for (const row of rows.invitations ?? []) this.#invitations.set(row.id, row);
    for (const row of rows.requests ?? []) this.#requests.set(row.id, row);
    for (const row of rows.groupInvitations ?? []) this.invited.set(row.id, row);
    for (const { kind, id } of rows.gone ?? []) {
      const from = {
        chat: this.#chats,
        message: this.#messages,
        invitation: this.#invitations,
        request: this.#requests,
        groupInvitation: this.invited,
      }[kind];
      from.delete(id);
    }
    const { chats = [], messages = [], invitations = [], requests = [], groupInvitations = [], groups = [], gone = [] } = rows;
    const revision = ++this.#revision;
    this.tell({ type: "changed", revision, chats, messages, invitations, requests, groupInvitations, groups, gone });
  }

  protected keep(row: InvitationRow): InvitationRow {
    this.put({ invitations: [row] });
    return row;
  }

  protected chatOf(id: string): ChatRow | undefined {
    return this.#chats.get(id);
  }

  protected nameOf(account: string): string {
    return [...this.#chats.values()].find(({ peer }) => peer === account)?.title ?? account;
  }

  tell(update: Update): void {
    for (const handler of this.#handlers) handler(update);
  }

  drop(path: string): void {
    for (const handler of this.#drops) handler(path);
  }

  async startup(): Promise<Startup> {
    await this.asked("startup");
    return { account: this.account, relay: this.relay, embedded: this.embedded, keychain: "memory" };
  }

  async unlock(passphrase: string): Promise<void> {
    await this.asked("unlock", passphrase);
    this.refusals.delete("startup");
  }

  async createAccount(name: string, relay: string | null): Promise<AccountRow> {
    await this.asked("createAccount", name, relay);
    this.account = { id: "me", name, fingerprint: "4821 0937 5520 1846" };
    return this.account;
  }

  async chats(): Promise<ChatRow[]> {
    await this.asked("chats");
    return [...this.#chats.values()];
  }

  #rows(chat: string): MessageRow[] {
    let rows = this.#sorted.get(chat);
    if (!rows) {
      rows = [...this.#messages.values()]
        .filter((row) => row.chat === chat)
        .sort((a, b) => (a.order < b.order ? -1 : 1));
      this.#sorted.set(chat, rows);
    }
    return rows;
  }

  #stretch(all: MessageRow[], from: number, to: number): Page {
    const first = Math.max(0, from);
    const rows = all.slice(first, to);
    return {
      rows,
      before: first > 0 ? (rows[0]?.order ?? null) : null,
      after: to < all.length ? (rows.at(-1)?.order ?? null) : null,
    };
  }

  async messages(chat: string, { before, after, limit }: PageWish): Promise<Page> {
    const cursor = before !== undefined ? `<${before}` : after !== undefined ? `>${after}` : "newest";
    await this.asked("messages", chat, cursor, limit);
    const all = this.#rows(chat);
    if (after !== undefined) {
      const from = all.findIndex((row) => row.order > after);
      return from < 0 ? { rows: [], before: null, after: null } : this.#stretch(all, from, from + limit);
    }
    const end = before === undefined ? -1 : all.findIndex((row) => row.order >= before);
    const to = end < 0 ? all.length : end;
    return this.#stretch(all, to - limit, to);
  }

  async around(id: string, limit: number): Promise<Page> {
    await this.asked("around", id, limit);
    const row = this.#messages.get(id);
    if (!row) throw problem("notFound");
    const all = this.#rows(row.chat);
    const from = Math.max(0, all.indexOf(row) - Math.floor(limit / 2));
    return this.#stretch(all, from, from + limit);
  }

  async atDate(chat: string, at: number, limit: number): Promise<Page> {
    await this.asked("atDate", chat, at, limit);
    const all = this.#rows(chat);
    const found = all.findIndex((row) => row.at >= at);
    const from = Math.max(0, (found < 0 ? all.length - 1 : found) - Math.floor(limit / 2));
    return this.#stretch(all, from, from + limit);
  }

  async sendText(chat: string, text: string, options: SendOptions): Promise<string> {
    await this.asked("sendText", chat, text);
    const id = this.newId("sent");
    this.#written += 1;
    const answered = options.replyTo === null ? undefined : this.#messages.get(options.replyTo);
    const row = messageRow({
      id,
      chat,
      author: this.account?.id ?? "me",
      authorName: this.account?.name ?? "",
      own: true,
      text,
      at: this.now(),
      order: `z${String(this.#written).padStart(8, "0")}`,
      state: "sending",
      priority: options.priority,
      mentions: options.mentions,
      timer: this.#chats.get(chat)?.timer ?? null,
      quote: answered
        ? {
            id: answered.id,
            author: answered.author,
            authorName: answered.authorName,
            own: answered.own,
            text: answered.text.slice(0, 280),
            gone: false,
          }
        : null,
    });
    const before = this.#chats.get(chat);
    const last = { text, own: true, authorName: row.authorName, state: row.state, at: row.at, kind: row.kind, notice: null };
    this.put({
      messages: [row],
      chats: before ? [{ ...before, last, sortedAt: row.at }] : [],
    });
    return id;
  }

  #change(id: string, change: (row: MessageRow) => Partial<MessageRow>): void {
    const row = this.#messages.get(id);
    if (row) this.put({ messages: [{ ...row, ...change(row) }] });
  }

  async editMessage(id: string, text: string, mentions: Mention[]): Promise<void> {
    await this.asked("editMessage", id, text);
    this.#change(id, () => ({ text, mentions, editedAt: this.now() }));
  }

  async deleteMessage(id: string): Promise<void> {
    await this.asked("deleteMessage", id);
    this.#change(id, () => ({ kind: "deleted", text: "", reactions: [], mentions: [], quote: null }));
  }

  async react(id: string, emoji: string | null): Promise<void> {
    await this.asked("react", id, emoji);
    const me = this.account?.name ?? "";
    this.#change(id, (row) => {
      const others = row.reactions
        .map((it) => (it.own ? { ...it, own: false, count: it.count - 1, names: it.names.filter((name) => name !== me) } : it))
        .filter((it) => it.count > 0);
      if (emoji === null) return { reactions: others };
      const there = others.find((it) => it.emoji === emoji);
      const mine = { emoji, count: (there?.count ?? 0) + 1, own: true, names: [...(there?.names ?? []), me] };
      return { reactions: there ? others.map((it) => (it === there ? mine : it)) : [...others, mine] };
    });
  }

  async forward(id: string, chats: string[]): Promise<void> {
    await this.asked("forward", id, ...chats);
  }

  async messageDetails(id: string): Promise<MessageDetails> {
    await this.asked("messageDetails", id);
    const message = this.#messages.get(id);
    if (!message) throw problem("notFound");
    return { message, ...(this.details.get(id) ?? { sentAt: message.at, recipients: [], edits: [] }) };
  }

  async setDraft(chat: string, draft: Draft | null): Promise<void> {
    await this.asked("setDraft", chat, draft?.text ?? null);
    if (draft === null) this.drafts.delete(chat);
    else this.drafts.set(chat, draft);
    const row = this.#chats.get(chat);
    const line = draft?.text.split("\n")[0] ?? null;
    if (row && row.draft !== line) this.put({ chats: [{ ...row, draft: line }] });
  }

  async draft(chat: string): Promise<Draft | null> {
    await this.asked("draft", chat);
    return this.drafts.get(chat) ?? null;
  }

  async setTimer(chat: string, seconds: number | null): Promise<void> {
    await this.asked("setTimer", chat, seconds);
    const row = this.#chats.get(chat);
    if (row) this.put({ chats: [{ ...row, timer: seconds }] });
  }

  async search(query: SearchQuery): Promise<SearchPage> {
    await this.asked("search", query.text, query.chat, query.author, query.before);
    const wanted = query.text.toLowerCase();
    const found = [...this.#messages.values()]
      .filter((row) => row.kind === "text" && row.text.toLowerCase().includes(wanted))
      .filter((row) => query.chat === null || row.chat === query.chat)
      .filter((row) => query.author === null || row.author === query.author)
      .filter((row) => (query.from === null || row.at >= query.from) && (query.to === null || row.at < query.to))
      .filter((row) => query.before === null || row.order < query.before)
      .sort((a, b) => b.at - a.at || (a.order < b.order ? 1 : -1));
    const hits = found.slice(0, 30).map((message) => {
      const start = Math.max(0, message.text.toLowerCase().indexOf(wanted) - 30);
      const snippet = message.text.slice(start, start + 120);
      const at = snippet.toLowerCase().indexOf(wanted);
      const marks: [number, number][] = [[at, at + wanted.length]];
      return { message, chatTitle: this.#chats.get(message.chat)?.title ?? "", snippet, marks };
    });
    return { hits, before: found.length > hits.length ? (hits.at(-1)?.message.order ?? null) : null };
  }

  async typing(chat: string, on: boolean): Promise<void> {
    await this.asked("typing", chat, on);
  }

  async presences(): Promise<PresenceRow[]> {
    await this.asked("presences");
    return this.presenceRows;
  }

  async ownPresence(): Promise<OwnPresence> {
    await this.asked("ownPresence");
    return this.own;
  }

  async setPresence(presence: OwnPresence): Promise<void> {
    await this.asked("setPresence", presence.state, presence.text, presence.awayAfter);
    this.own = presence;
  }

  async idle(seconds: number): Promise<void> {
    await this.asked("idle", seconds);
  }

  async privacy(): Promise<Privacy> {
    await this.asked("privacy");
    return this.shown;
  }

  async setPrivacy(privacy: Privacy): Promise<void> {
    await this.asked("setPrivacy", privacy.typing, privacy.presence, privacy.receipts);
    this.shown = privacy;
  }

  async contactPrivacy(account: string): Promise<PrivacyOverride> {
    await this.asked("contactPrivacy", account);
    return this.shownTo.get(account) ?? { typing: null, presence: null, receipts: null };
  }

  async setContactPrivacy(account: string, privacy: PrivacyOverride): Promise<void> {
    await this.asked("setContactPrivacy", account, privacy.typing, privacy.presence, privacy.receipts);
    this.shownTo.set(account, privacy);
  }

  async connectionDetails(): Promise<ConnectionDetails> {
    await this.asked("connectionDetails");
    return detailsOf(this.connectionRow, this.now());
  }

  async connectionSettings(): Promise<ConnectionSettings> {
    await this.asked("connectionSettings");
    return this.settings;
  }

  async setConnectionSettings(settings: ConnectionSettings): Promise<void> {
    await this.asked("setConnectionSettings", settings.heartbeat, settings.proxy.kind, settings.proxy.address);
    this.settings = settings;
  }

  async localNetwork(): Promise<LocalNetworkRow> {
    await this.asked("localNetwork");
    return this.local;
  }

  async shareOnLocalNetwork(on: boolean): Promise<LocalNetworkRow> {
    await this.asked("shareOnLocalNetwork", on);
    this.local = { ...this.local, on, address: on ? "192.168.1.5:7705" : null };
    this.tell({ type: "localNetwork", row: this.local });
    return this.local;
  }

  async retryMessage(id: string): Promise<void> {
    await this.asked("retryMessage", id);
    const row = this.#messages.get(id);
    if (row) this.put({ messages: [{ ...row, state: "sending", problem: null }] });
  }

  async discardMessage(id: string): Promise<void> {
    await this.asked("discardMessage", id);
    this.put({ gone: [{ kind: "message", id }] });
  }

  async markRead(chat: string, upTo: string): Promise<void> {
    await this.asked("markRead", chat, upTo);
    const row = this.#chats.get(chat);
    const order = this.#messages.get(upTo)?.order ?? "";
    const left = [...this.#messages.values()].filter(
      (m) => m.chat === chat && !m.own && m.kind !== "notice" && m.order > order,
    );
    const first = left.sort((a, b) => (a.order < b.order ? -1 : 1))[0];
    if (row && row.unread > 0) {
      this.put({ chats: [{ ...row, unread: left.length, firstUnread: first?.id ?? null }] });
    }
  }

  protected override rows(): { chats: ChatRow[]; requests: RequestRow[] } {
    return { chats: [...this.#chats.values()], requests: [...this.#requests.values()] };
  }

  async createInvitation(wish: NewInvitation): Promise<InvitationRow> {
    await this.asked("createInvitation", wish.reusable, wish.expiresInMs, wish.greeting);
    const id = this.newId("invitation");
    const at = this.now();
    const row: InvitationRow = {
      id,
      state: "open",
      reusable: wish.reusable,
      greeting: wish.greeting,
      code: `SNUG:${id.toUpperCase()}8K3J9XQ2M7ZP4VTA0Q5W7ZP4`,
      link: `snug:${id}8k3j9xq2m7zp4vta0q5w7zp4`,
      createdAt: at,
      expiresAt: wish.expiresInMs === null ? null : at + wish.expiresInMs,
      group: null,
      uses: wish.reusable ? null : 1,
      asks: wish.reusable,
      hereOnly: this.embedded && !this.local.on,
      localOnly: this.local.on,
      usedBy: [],
    };
    this.put({ invitations: [row] });
    return row;
  }

  async invitations(): Promise<InvitationRow[]> {
    await this.asked("invitations");
    return [...this.#invitations.values()];
  }

  async revokeInvitation(id: string): Promise<void> {
    await this.asked("revokeInvitation", id);
    const row = this.#invitations.get(id);
    if (row) this.put({ invitations: [{ ...row, state: "revoked" }] });
  }

  async invitationQr(id: string): Promise<QrMatrix> {
    await this.asked("invitationQr", id);
    return fakeQr();
  }

  async savePicture(id: string, suggestedName: string): Promise<boolean> {
    await this.asked("savePicture", id, suggestedName);
    return true;
  }

  async codeInPicture(base64: string): Promise<string> {
    await this.asked("codeInPicture", base64.length);
    return this.pictureText;
  }

  async codeInFile(path: string): Promise<string> {
    await this.asked("codeInFile", path);
    return this.pictureText;
  }

  async preview(code: string): Promise<Preview> {
    await this.asked("preview", code);
    const found = this.previews.get(code);
    if (!found) throw problem("codeForeign");
    return found;
  }

  async accept(code: string, greeting: string): Promise<RequestRow> {
    await this.asked("accept", code, greeting);
    const row: RequestRow = {
      id: this.newId("request"),
      account: "account-asked",
      incoming: false,
      name: this.previews.get(code)?.name ?? "",
      greeting,
      state: "waiting",
      at: this.now(),
      chat: null,
      group: this.previews.get(code)?.group?.name ?? null,
    };
    this.put({ requests: [row] });
    return row;
  }

  async requests(): Promise<RequestRow[]> {
    await this.asked("requests");
    return [...this.#requests.values()];
  }

  async answerRequest(id: string, accept: boolean): Promise<void> {
    await this.asked("answerRequest", id, accept);
    this.put({ gone: [{ kind: "request", id }] });
  }

  async connection(): Promise<ConnectionRow> {
    await this.asked("connection");
    return this.connectionRow;
  }

  async reconnect(): Promise<void> {
    await this.asked("reconnect");
  }

  async copyText(text: string): Promise<void> {
    await this.asked("copyText", text);
    this.copied.push(text);
  }

  async onUpdate(handler: (update: Update) => void): Promise<Stop> {
    this.#handlers.add(handler);
    return () => this.#handlers.delete(handler);
  }

  async onFileDrop(handler: (path: string) => void): Promise<Stop> {
    this.#drops.add(handler);
    return () => this.#drops.delete(handler);
  }
}
