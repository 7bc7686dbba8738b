import { beforeEach, describe, expect, it } from "vitest";
import { chat, NOON } from "../../../tests/rows";
import { FakeCore } from "../../core/fake";
import { Store } from "../../state/store.svelte.ts";
import { Chats } from "./chats.svelte.ts";

const last = { text: "See you", own: true, authorName: null, state: "read", at: NOON, kind: "text", notice: null } as const;
let store: Store;
let chats: Chats;

beforeEach(async () => {
  const core = new FakeCore();
  core.put({ chats: [chat("ada", { title: "Áda Moreau", last, unread: 2 }), chat("bo", { title: "Bo" })] });
  store = new Store(core);
  await store.open();
  chats = new Chats(store);
});

describe("the list of chats", () => {
  it("finds names as people type them", () => {
    chats.filter = " ADA m";
    expect(chats.shown.map((row) => row.id)).toEqual(["ada"]);
    chats.filter = "zz";
    expect(chats.shown).toEqual([]);
  });

  it("leaves archived chats out unless they are looked for", () => {
    store.apply({
      type: "changed",
      revision: 2,
      chats: [chat("bo", { title: "Bo", archived: true, unread: 3 })],
      messages: [],
      invitations: [],
      requests: [],
      groupInvitations: [],
      groups: [],
      gone: [],
    });
    expect(chats.shown.map((row) => row.id)).toEqual(["ada"]);
    expect(chats.archived.map((row) => row.id)).toEqual(["bo"]);
    chats.filter = "bo";
    expect(chats.shown.map((row) => row.id)).toEqual(["bo"]);
    chats.filter = "";
    chats.archive = true;
    expect(chats.shown.map((row) => row.id)).toEqual(["bo"]);
  });

  it("counts of muted chats only what names this account", () => {
    expect(store.unread).toBe(2);
    const muted = chat("ada", { muted: true, unread: 7, mentions: 1 });
    store.apply({
      type: "changed",
      revision: 2,
      chats: [muted],
      messages: [],
      invitations: [],
      requests: [],
      groupInvitations: [],
      groups: [],
      gone: [],
    });
    expect(store.unread).toBe(1);
  });

  it("shows a draft while another chat is open", () => {
    const kept = chat("ada", { last, draft: "Kept before" });
    expect(chats.line(kept, false)).toEqual({ kind: "draft", text: "Kept before" });
    store.drafts.write("ada", { text: "Half a thought\nand more", replyTo: null, editing: null });
    expect(chats.line(kept, false)).toEqual({ kind: "draft", text: "Half a thought" });
    expect(chats.line(kept, true)).toEqual({ kind: "last", text: "See you" });
    store.drafts.write("ada", { text: "", replyTo: null, editing: null });
    expect(chats.line(kept, false).kind).toBe("last");
  });

  it("shows who is writing before anything else", () => {
    store.apply({ type: "typing", chat: "ada", account: "account-ada", name: "Ada", on: true });
    expect(chats.line(chat("ada", { last }), true)).toEqual({ kind: "typing", text: "writing…" });
  });

  it("names in a group who said it", () => {
    const said = (rest: object) => chats.line(chat("g", { kind: "group", last: { ...last, ...rest } }), false).text.replace(/[\u2068\u2069]/g, "");
    expect(said({ own: true })).toBe("You: See you");
    expect(said({ own: false, authorName: "Helpy" })).toBe("Helpy: See you");
    const changes = [{ type: "left", account: "bo", name: "Bo" }] as const;
    expect(said({ own: false, authorName: "Bo", kind: "notice", notice: { type: "changes", changes } })).toBe("Bo left");
  });

  it("words what nobody wrote", () => {
    const notice = { ...last, kind: "notice", notice: { type: "timer", seconds: 3600 } } as const;
    expect(chats.line(chat("ada", { last: notice }), false).text).toBe("Disappearing messages: 1 hour");
    expect(chats.line(chat("ada", { last: { ...last, kind: "deleted", text: "" } }), false).text).toBe("Message deleted");
  });

  it("says all of a row in one sentence", () => {
    expect(chats.spoken(chat("ada", { title: "Ada", last, unread: 2 }), false, NOON)).toMatch(
      /^Ada, 12:00.PM, See you, 2 unread, read$/,
    );
  });
});
