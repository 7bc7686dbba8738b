import { beforeEach, describe, expect, it } from "vitest";
import { chat, message, messages, request } from "../../tests/rows";
import { FakeCore, problem } from "../core/fake";
import { Store } from "./store.svelte.ts";

let core: FakeCore;
let store: Store;

beforeEach(async () => {
  core = new FakeCore();
  core.put({ chats: [chat("ada"), chat("bo", { sortedAt: 0 })], messages: messages(1, 3) });
  store = new Store(core);
  await store.open();
});

describe("opening", () => {
  it("shows the chats, the newest first", () => {
    expect(store.phase).toBe("ready");
    expect(store.chatList.map((row) => row.id)).toEqual(["ada", "bo"]);
  });

  it("asks a newcomer to make an account", async () => {
    core.account = null;
    await store.open();
    expect(store.phase).toBe("welcome");
  });

  it("says why it could not start, and starts when tried again", async () => {
    core.refusals.set("startup", problem("databaseBusy"));
    await store.open();
    expect([store.phase, store.problem?.code]).toEqual(["failed", "databaseBusy"]);
    core.refusals.clear();
    await store.open();
    expect(store.phase).toBe("ready");
  });
});

describe("updates", () => {
  it("upsert by id and drop by id", () => {
    core.put({ chats: [chat("bo", { title: "Bo", unread: 3 })], requests: [request("dee")] });
    expect([store.chats.get("bo")?.title, store.unread, store.incoming.length]).toEqual(["Bo", 3, 1]);
    core.put({ gone: [{ kind: "chat", id: "bo" }, { kind: "request", id: "dee" }] });
    expect([store.chats.has("bo"), store.incoming.length]).toEqual([false, 0]);
  });

  it("that arrive while everything loads again are applied on top", async () => {
    const chats = core.chats.bind(core);
    core.chats = async () => {
      const before = await chats();
      core.put({ chats: [chat("cyan")] });
      return before;
    };
    core.tell({ type: "resync" });
    await expect.poll(() => store.chats.has("cyan")).toBe(true);
  });

  it("on resync replace what is gone", async () => {
    core.chats = async () => [chat("bo")];
    core.tell({ type: "resync" });
    await expect.poll(() => [...store.chats.keys()]).toEqual(["bo"]);
  });
});

describe("timelines", () => {
  it("stay in order, and a message that gets its place moves there", () => {
    const timeline = store.timeline("ada");
    timeline.reset({ rows: messages(1, 3), before: null });
    core.put({ messages: [message(9, { order: "z1", own: true, state: "sending" })] });
    core.put({ messages: [message(4)] });
    expect(timeline.rows.map((row) => row.id)).toEqual(["m1", "m2", "m3", "m4", "m9"]);
    core.put({ messages: [message(9, { order: "000003a", own: true, state: "sent" })] });
    expect(timeline.rows.map((row) => row.id)).toEqual(["m1", "m2", "m3", "m9", "m4"]);
    core.put({ gone: [{ kind: "message", id: "m9" }] });
    expect(timeline.rows).toHaveLength(4);
  });

  it("keep rows out that would leave a gap", () => {
    const timeline = store.timeline("ada");
    timeline.reset({ rows: messages(5, 6), before: "000005" });
    core.put({ messages: [message(1)] });
    expect(timeline.rows.map((row) => row.id)).toEqual(["m5", "m6"]);
  });

  it("lose nothing that comes before the first page does", () => {
    const timeline = store.timeline("ada");
    core.put({ messages: [message(4)] });
    timeline.reset({ rows: messages(1, 3), before: null });
    expect(timeline.rows.map((row) => row.id)).toEqual(["m1", "m2", "m3", "m4"]);
  });

  it("ignore a page asked for before they were replaced", () => {
    const timeline = store.timeline("ada");
    timeline.reset({ rows: messages(5, 6), before: "000005" });
    timeline.reset({ rows: messages(8, 9), before: "000008" });
    timeline.prepend({ rows: messages(3, 4), before: null }, "000005");
    expect(timeline.rows.map((row) => row.id)).toEqual(["m8", "m9"]);
  });

  it("tell of what newly appears, once", () => {
    const heard: string[] = [];
    store.onArrival((row) => heard.push(row.id));
    store.timeline("ada").reset({ rows: messages(1, 3), before: null });
    core.put({ messages: [message(3), message(4)] });
    core.put({ messages: [message(4, { text: "again" })] });
    expect(heard).toEqual(["m4"]);
  });
});
