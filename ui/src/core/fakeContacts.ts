import type {
  BlockedRow,
  ChatRow,
  ContactRow,
  QrMatrix,
  RequestRow,
  SafetyNumber,
} from "./core";
import { FakeGroups, problem } from "./fakeGroups";

/** What a contact's screen shows in a fake: `SNUG:V` and their account. */
export function codeOf(account: string): string {
  return `SNUG:V1${account.toUpperCase()}`;
}

const DIGITS = ["49204", "91770", "03318", "52061", "77219", "10483", "66902", "38815", "20047", "91336", "58120", "44791"];

/** Not a readable code: three finders and a pattern, the size of a real one. */
export function fakeQr(): QrMatrix {
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

function contactsOf(chats: readonly ChatRow[]): ContactRow[] {
  const rows: ContactRow[] = [];
  for (const { peer, title, id, trust, blocked } of chats) {
    if (peer !== null) rows.push({ account: peer, name: title, chat: id, verified: trust === "verified", blocked });
  }
  return rows.sort((a, b) => a.name.localeCompare(b.name));
}

/** What a fake core knows of people, and how its chats are kept. */
export abstract class FakeContacts extends FakeGroups {
  strangersRefused = false;
  readonly #blocked = new Map<string, BlockedRow>();

  protected abstract rows(): { chats: ChatRow[]; requests: RequestRow[] };

  async contacts(): Promise<ContactRow[]> {
    await this.asked("contacts");
    return contactsOf(this.rows().chats);
  }

  async blocked(): Promise<BlockedRow[]> {
    await this.asked("blocked");
    return [...this.#blocked.values()];
  }

  #with(account: string, change: Partial<ChatRow>): ChatRow | undefined {
    const chat = this.rows().chats.find((row) => row.peer === account);
    if (chat) this.put({ chats: [{ ...chat, ...change }] });
    return chat;
  }

  async block(account: string): Promise<void> {
    await this.asked("block", account);
    const asking = this.rows().requests.filter((row) => row.account === account && row.incoming);
    const chat = this.#with(account, { blocked: true });
    const name = chat?.title ?? asking[0]?.name ?? "";
    this.#blocked.set(account, { account, name, at: this.now(), ignored: 0 });
    this.put({ requests: asking.map((row) => ({ ...row, state: "declined" })) });
  }

  async unblock(account: string): Promise<void> {
    await this.asked("unblock", account);
    this.#with(account, { blocked: false });
    this.#blocked.delete(account);
  }

  async refusesStrangers(): Promise<boolean> {
    await this.asked("refusesStrangers");
    return this.strangersRefused;
  }

  async refuseStrangers(refuse: boolean): Promise<void> {
    await this.asked("refuseStrangers", refuse);
    this.strangersRefused = refuse;
  }

  async safetyNumber(account: string): Promise<SafetyNumber> {
    await this.asked("safetyNumber", account);
    const chat = this.rows().chats.find((row) => row.peer === account);
    if (!chat) throw problem("notFound");
    return { account, name: chat.title, digits: DIGITS, code: codeOf("me"), qr: fakeQr(), trust: chat.trust };
  }

  async verify(account: string, digits: string[]): Promise<void> {
    await this.asked("verify", account, digits.length);
    this.#with(account, { trust: "verified" });
  }

  async verifyCode(account: string, code: string): Promise<void> {
    await this.asked("verifyCode", account, code);
    if (!code.startsWith("SNUG:V1")) throw problem("codeForeign");
    if (code !== codeOf(account)) throw problem("numberDiffers");
    this.#with(account, { trust: "verified" });
  }

  async unverify(account: string): Promise<void> {
    await this.asked("unverify", account);
    this.#with(account, { trust: "unverified" });
  }

  #keep(id: string, change: Partial<ChatRow>): void {
    const row = this.rows().chats.find((row) => row.id === id);
    if (row) this.put({ chats: [{ ...row, ...change }] });
  }

  async setPinned(chat: string, on: boolean): Promise<void> {
    await this.asked("setPinned", chat, on);
    this.#keep(chat, on ? { pinned: true, archived: false } : { pinned: false });
  }

  async setArchived(chat: string, on: boolean): Promise<void> {
    await this.asked("setArchived", chat, on);
    this.#keep(chat, on ? { archived: true, pinned: false } : { archived: false });
  }

  async setMuted(chat: string, on: boolean, forMs: number | null): Promise<void> {
    await this.asked("setMuted", chat, on, forMs);
    this.#keep(chat, { muted: on, mutedUntil: on && forMs !== null ? this.now() + forMs : null });
  }
}
