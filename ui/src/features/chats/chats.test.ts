import { beforeEach, describe, expect, it } from "vitest";
import { chat, NOON } from "../../../tests/rows";
import { FakeCore } from "../../core/fake";
import { Store } from "../../state/store.svelte.ts";
import { Chats } from "./chats.svelte.ts";

const last = { text: "See you", own: true, state: "read", at: NOON } as const;
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

  it("shows a draft while another chat is open", () => {
    store.drafts.set("ada", "Half a thought");
    expect(chats.line(chat("ada", { last }), false)).toEqual({ draft: true, text: "Half a thought" });
    expect(chats.line(chat("ada", { last }), true)).toEqual({ draft: false, text: "See you" });
  });

  it("says all of a row in one sentence", () => {
    expect(chats.spoken(chat("ada", { title: "Ada", last, unread: 2 }), false, NOON)).toMatch(
      /^Ada, 12:00.PM, See you, 2 unread, read$/,
    );
  });
});
