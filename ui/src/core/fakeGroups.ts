import type {
  GroupChange,
  GroupInvitationRow,
  GroupRow,
  InvitationRow,
  NewInvitation,
  ParticipantRow,
  Problem,
  ProblemCode,
  RequestRow,
  Role,
} from "./core";
import type { Groups } from "./groups";
import { chatRow, groupRow, participantRow } from "./rows";

export function problem(code: ProblemCode): Problem {
  return { code, text: code };
}

/** The groups of a core in memory. Changes are done at once, unless `slow`: then they wait. */
export abstract class FakeGroups implements Groups {
  readonly calls: string[] = [];
  /** Method name → what it refuses with. */
  readonly refusals = new Map<string, Problem>();
  /** By chat. */
  readonly groups = new Map<string, GroupRow>();
  readonly invited = new Map<string, GroupInvitationRow>();
  /** As without a connection: what is asked for stays pending. */
  slow = false;
  now = () => Date.now();
  #made = 0;

  abstract put(rows: {
    chats?: ReturnType<typeof chatRow>[];
    groups?: string[];
    requests?: RequestRow[];
    gone?: { kind: "groupInvitation"; id: string }[];
  }): void;
  abstract createInvitation(wish: NewInvitation): Promise<InvitationRow>;
  protected abstract keep(row: InvitationRow): InvitationRow;
  protected abstract chatOf(id: string): ReturnType<typeof chatRow> | undefined;
  protected abstract nameOf(account: string): string;

  protected async asked(name: string, ...details: (string | number | boolean | null)[]): Promise<void> {
    this.calls.push([name, ...details].join(" "));
    const refusal = this.refusals.get(name);
    if (refusal) throw refusal;
  }

  protected newId(prefix: string): string {
    this.#made += 1;
    return `${prefix}-${this.#made}`;
  }

  /** Puts a group in place, with its chat, and tells whoever listens. */
  putGroup(row: GroupRow): void {
    this.groups.set(row.id, row);
    const before = this.chatOf(row.id) ?? chatRow({ id: row.id, title: row.name, createdAt: this.now(), sortedAt: this.now() });
    const { name: title, picture, standing } = row;
    const chat = { ...before, kind: "group" as const, peer: null, title, picture, standing, participants: row.participants.length };
    this.put({ chats: [chat], groups: [row.id] });
  }

  #group(chat: string): GroupRow {
    const row = this.groups.get(chat);
    if (!row) throw problem("notFound");
    return row;
  }

  #change(chat: string, change: GroupChange, done: Partial<GroupRow>): void {
    const row = this.#group(chat);
    if (this.slow) this.putGroup({ ...row, pending: [...row.pending, { id: this.newId("change"), change, problem: null, at: this.now() }] });
    else this.putGroup({ ...row, ...done });
  }

  #others(chat: string, account: string): ParticipantRow[] {
    return this.#group(chat).participants.filter((it) => it.account !== account);
  }

  async createGroup(name: string, accounts: string[]): Promise<string> {
    await this.asked("createGroup", name, ...accounts);
    const id = this.newId("group");
    const me = participantRow({ account: "me", name: "Jo Reyes", role: "admin", own: true, contact: false });
    this.putGroup(groupRow({ id, name, participants: [me] }));
    if (accounts.length > 0) this.#add(id, accounts);
    return id;
  }

  async group(chat: string): Promise<GroupRow> {
    await this.asked("group", chat);
    return this.#group(chat);
  }

  #add(chat: string, accounts: string[]): void {
    for (const account of accounts) {
      const name = this.nameOf(account);
      const { participants } = this.#group(chat);
      const added = participantRow({ account, name, state: "invited" });
      this.#change(chat, { type: "added", account, name, kind: "user" }, { participants: [...participants, added] });
    }
  }

  async addParticipants(chat: string, accounts: string[]): Promise<void> {
    await this.asked("addParticipants", chat, ...accounts);
    this.#add(chat, accounts);
  }

  async removeParticipant(chat: string, account: string): Promise<void> {
    await this.asked("removeParticipant", chat, account);
    const name = this.#group(chat).participants.find((it) => it.account === account)?.name ?? "";
    this.#change(chat, { type: "removed", account, name }, { participants: this.#others(chat, account) });
  }

  async setRole(chat: string, account: string, role: Role): Promise<void> {
    await this.asked("setRole", chat, account, role);
    const row = this.#group(chat);
    const participants = row.participants.map((it) => (it.account === account ? { ...it, role } : it));
    const name = row.participants.find((it) => it.account === account)?.name ?? "";
    this.#change(chat, { type: "role", account, name, role }, { participants });
  }

  async renameGroup(chat: string, name: string): Promise<void> {
    await this.asked("renameGroup", chat, name);
    this.#change(chat, { type: "renamed", name }, { name });
  }

  async describeGroup(chat: string, text: string): Promise<void> {
    await this.asked("describeGroup", chat, text);
    this.#change(chat, { type: "described", text }, { description: text });
  }

  async setGroupPicture(chat: string, picture: Uint8Array | null): Promise<void> {
    await this.asked("setGroupPicture", chat, picture?.length ?? null);
    const url = picture && `data:image/webp;base64,${btoa(String.fromCharCode(...picture))}`;
    this.#change(chat, { type: "pictured" }, { picture: url });
  }

  async moveGroup(chat: string, relay: string): Promise<void> {
    await this.asked("moveGroup", chat, relay);
    this.#change(chat, { type: "moved", relay }, { relay });
  }

  async standForAdmin(chat: string): Promise<void> {
    await this.asked("standForAdmin", chat);
    this.putGroup({ ...this.#group(chat), stands: true });
  }

  async leaveGroup(chat: string, successor: string | null): Promise<void> {
    await this.asked("leaveGroup", chat, successor);
    const row = this.#group(chat);
    const others = row.participants.filter((it) => !it.own);
    if (row.role === "admin" && others.length > 0 && successor === null && !others.some((it) => it.role === "admin")) {
      throw problem("lastAdmin");
    }
    this.#change(chat, { type: "left", account: "me", name: "" }, { standing: "left", participants: others });
  }

  async cancelChange(chat: string, id: string): Promise<void> {
    await this.asked("cancelChange", chat, id);
    const row = this.#group(chat);
    this.putGroup({ ...row, pending: row.pending.filter((it) => it.id !== id) });
  }

  async createGroupInvitation(chat: string, wish: NewInvitation): Promise<InvitationRow> {
    await this.asked("createGroupInvitation", chat, wish.uses, wish.asks, wish.expiresInMs);
    const made = await this.createInvitation(wish);
    return this.keep({ ...made, group: chat, uses: wish.uses, asks: wish.asks });
  }

  async groupInvitations(): Promise<GroupInvitationRow[]> {
    await this.asked("groupInvitations");
    return [...this.invited.values()];
  }

  async acceptGroup(id: string): Promise<void> {
    await this.asked("acceptGroup", id);
    const row = this.invited.get(id);
    if (!row) throw problem("notFound");
    this.put({ gone: [{ kind: "groupInvitation", id }] });
    this.putGroup(groupRow({ id, name: row.name, description: row.description, role: "member" }));
  }

  async declineGroup(id: string): Promise<void> {
    await this.asked("declineGroup", id);
    this.put({ gone: [{ kind: "groupInvitation", id }] });
  }
}
