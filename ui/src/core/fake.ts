import type {
  AccountRow,
  ChatRow,
  ConnectionRow,
  Core,
  Gone,
  InvitationRow,
  MessageRow,
  NewInvitation,
  Page,
  Preview,
  Problem,
  ProblemCode,
  QrMatrix,
  RequestRow,
  Startup,
  Stop,
  Update,
} from "./core";

type Rows = {
  chats?: ChatRow[];
  messages?: MessageRow[];
  invitations?: InvitationRow[];
  requests?: RequestRow[];
  gone?: Gone[];
};

export function problem(code: ProblemCode): Problem {
  return { code, text: code };
}

/** A whole core in memory: what it is told it shows, and `calls` says what it was asked. */
export class FakeCore implements Core {
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
  readonly calls: string[] = [];
  readonly copied: string[] = [];
  /** Method name → what it refuses with. */
  readonly refusals = new Map<string, Problem>();
  /** Code → what its preview shows. */
  readonly previews = new Map<string, Preview>();
  pictureText = "SNUG:ADA";
  now = () => Date.now();

  readonly #chats = new Map<string, ChatRow>();
  readonly #messages = new Map<string, MessageRow>();
  readonly #invitations = new Map<string, InvitationRow>();
  readonly #requests = new Map<string, RequestRow>();
  readonly #handlers = new Set<(update: Update) => void>();
  readonly #drops = new Set<(path: string) => void>();
  #revision = 0;
  #made = 0;

  /** Puts rows in place and tells whoever listens. */
  put(rows: Rows): void {
    for (const row of rows.chats ?? []) this.#chats.set(row.id, row);
    for (const row of rows.messages ?? []) this.#messages.set(row.id, row);
    for (const row of rows.invitations ?? []) this.#invitations.set(row.id, row);
    for (const row of rows.requests ?? []) this.#requests.set(row.id, row);
    for (const { kind, id } of rows.gone ?? []) {
      const from = {
        chat: this.#chats,
        message: this.#messages,
        invitation: this.#invitations,
        request: this.#requests,
      }[kind];
      from.delete(id);
    }
    const { chats = [], messages = [], invitations = [], requests = [], gone = [] } = rows;
    const revision = ++this.#revision;
    this.tell({ type: "changed", revision, chats, messages, invitations, requests, gone });
  }

  tell(update: Update): void {
    for (const handler of this.#handlers) handler(update);
  }

  drop(path: string): void {
    for (const handler of this.#drops) handler(path);
  }

  async #asked(name: string, ...details: (string | number | boolean | null)[]): Promise<void> {
    this.calls.push([name, ...details].join(" "));
    const refusal = this.refusals.get(name);
    if (refusal) throw refusal;
  }

  #newId(prefix: string): string {
    this.#made += 1;
    return `${prefix}-${this.#made}`;
  }

  async startup(): Promise<Startup> {
    await this.#asked("startup");
    return { account: this.account, relay: this.relay, embedded: this.embedded, keychain: "memory" };
  }

  async unlock(passphrase: string): Promise<void> {
    await this.#asked("unlock", passphrase);
    this.refusals.delete("startup");
  }

  async createAccount(name: string, relay: string | null): Promise<AccountRow> {
    await this.#asked("createAccount", name, relay);
    this.account = { id: "me", name, fingerprint: "4821 0937 5520 1846" };
    return this.account;
  }

  async chats(): Promise<ChatRow[]> {
    await this.#asked("chats");
    return [...this.#chats.values()];
  }

  async messages(chat: string, before: string | null, limit: number): Promise<Page> {
    await this.#asked("messages", chat, before, limit);
    const older = [...this.#messages.values()]
      .filter((row) => row.chat === chat && (before === null || row.order < before))
      .sort((a, b) => (a.order < b.order ? -1 : 1));
    const rows = older.slice(-limit);
    return { rows, before: rows.length < older.length ? (rows[0]?.order ?? null) : null };
  }

  async sendText(chat: string, text: string): Promise<MessageRow> {
    await this.#asked("sendText", chat, text);
    const id = this.#newId("sent");
    const row: MessageRow = {
      id,
      chat,
      author: this.account?.id ?? "me",
      authorName: this.account?.name ?? "",
      own: true,
      kind: "text",
      text,
      at: this.now(),
      order: `z${String(this.#made).padStart(8, "0")}`,
      state: "sending",
      problem: null,
    };
    const before = this.#chats.get(chat);
    const last = { text, own: true, state: row.state, at: row.at };
    this.put({
      messages: [row],
      chats: before ? [{ ...before, last, sortedAt: row.at }] : [],
    });
    return row;
  }

  async retryMessage(id: string): Promise<void> {
    await this.#asked("retryMessage", id);
    const row = this.#messages.get(id);
    if (row) this.put({ messages: [{ ...row, state: "sending", problem: null }] });
  }

  async discardMessage(id: string): Promise<void> {
    await this.#asked("discardMessage", id);
    this.put({ gone: [{ kind: "message", id }] });
  }

  async markRead(chat: string, upTo: string): Promise<void> {
    await this.#asked("markRead", chat, upTo);
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

  async createInvitation(wish: NewInvitation): Promise<InvitationRow> {
    await this.#asked("createInvitation", wish.reusable, wish.expiresInMs, wish.greeting);
    const id = this.#newId("invitation");
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
      hereOnly: this.embedded,
      usedBy: [],
    };
    this.put({ invitations: [row] });
    return row;
  }

  async invitations(): Promise<InvitationRow[]> {
    await this.#asked("invitations");
    return [...this.#invitations.values()];
  }

  async revokeInvitation(id: string): Promise<void> {
    await this.#asked("revokeInvitation", id);
    const row = this.#invitations.get(id);
    if (row) this.put({ invitations: [{ ...row, state: "revoked" }] });
  }

  /** Not a readable code: three finders and a pattern, the size of a real one. */
  async invitationQr(id: string): Promise<QrMatrix> {
    await this.#asked("invitationQr", id);
    const size = 41;
    const finder = (x: number, y: number) => {
      const ring = Math.max(Math.abs(x - 3), Math.abs(y - 3));
      return ring === 3 || ring <= 1;
    };
    const dark = Array.from({ length: size * size }, (_, i) => {
      const x = i % size;
      const y = Math.floor(i / size);
      const far = size - 7;
      if (x < 8 && y < 8) return x < 7 && y < 7 && finder(x, y);
      if (x >= far - 1 && y < 8) return x >= far && y < 7 && finder(x - far, y);
      if (x < 8 && y >= far - 1) return x < 7 && y >= far && finder(x, y - far);
      let mixed = Math.imul(i + 7, 0x9e3779b1);
      mixed = Math.imul(mixed ^ (mixed >>> 15), 0x85ebca6b);
      return ((mixed ^ (mixed >>> 13)) & 1) === 0;
    });
    return { size, dark };
  }

  async savePicture(id: string, suggestedName: string): Promise<boolean> {
    await this.#asked("savePicture", id, suggestedName);
    return true;
  }

  async codeInPicture(base64: string): Promise<string> {
    await this.#asked("codeInPicture", base64.length);
    return this.pictureText;
  }

  async codeInFile(path: string): Promise<string> {
    await this.#asked("codeInFile", path);
    return this.pictureText;
  }

  async preview(code: string): Promise<Preview> {
    await this.#asked("preview", code);
    const found = this.previews.get(code);
    if (!found) throw problem("codeForeign");
    return found;
  }

  async accept(code: string, greeting: string): Promise<RequestRow> {
    await this.#asked("accept", code, greeting);
    const row: RequestRow = {
      id: this.#newId("request"),
      incoming: false,
      name: this.previews.get(code)?.name ?? "",
      greeting,
      state: "waiting",
      at: this.now(),
      chat: null,
    };
    this.put({ requests: [row] });
    return row;
  }

  async requests(): Promise<RequestRow[]> {
    await this.#asked("requests");
    return [...this.#requests.values()];
  }

  async answerRequest(id: string, accept: boolean): Promise<void> {
    await this.#asked("answerRequest", id, accept);
    this.put({ gone: [{ kind: "request", id }] });
  }

  async connection(): Promise<ConnectionRow> {
    await this.#asked("connection");
    return this.connectionRow;
  }

  async reconnect(): Promise<void> {
    await this.#asked("reconnect");
  }

  async copyText(text: string): Promise<void> {
    await this.#asked("copyText", text);
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
