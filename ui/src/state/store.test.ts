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

describe("people", () => {
  const typing = (on: boolean) =>
    core.tell({ type: "typing", chat: "ada", account: "account-ada", name: "Ada", on });

  it("write until they stop, or until what they wrote is there", () => {
    store.timeline("ada").reset({ rows: messages(1, 3), before: null, after: null });
    typing(true);
    typing(true);
    expect(store.typists.get("ada")).toEqual([{ account: "account-ada", name: "Ada" }]);
    typing(false);
    expect(store.typists.has("ada")).toBe(false);
    typing(true);
    core.put({ messages: [message(4)] });
    expect(store.typists.has("ada")).toBe(false);
  });

  it("are where the core last said", () => {
    const row = { account: "account-ada", text: "", lastSeen: null };
    core.tell({ type: "presence", rows: [{ ...row, state: "online" }] });
    core.tell({ type: "presence", rows: [{ ...row, state: "busy" }] });
    expect(store.presences.get("account-ada")?.state).toBe("busy");
  });
});

describe("timelines", () => {
  it("stay in order, and a message that gets its place moves there", () => {
    const timeline = store.timeline("ada");
    timeline.reset({ rows: messages(1, 3), before: null, after: null });
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
    timeline.reset({ rows: messages(5, 6), before: "000005", after: null });
    core.put({ messages: [message(1)] });
    expect(timeline.rows.map((row) => row.id)).toEqual(["m5", "m6"]);
  });

  it("lose nothing that comes before the first page does", () => {
    const timeline = store.timeline("ada");
    core.put({ messages: [message(4)] });
    timeline.reset({ rows: messages(1, 3), before: null, after: null });
    expect(timeline.rows.map((row) => row.id)).toEqual(["m1", "m2", "m3", "m4"]);
  });

  it("ignore a page asked for before they were replaced", () => {
    const timeline = store.timeline("ada");
    timeline.reset({ rows: messages(5, 6), before: "000005", after: null });
    timeline.reset({ rows: messages(8, 9), before: "000008", after: null });
    timeline.prepend({ rows: messages(3, 4), before: null, after: null }, "000005");
    expect(timeline.rows.map((row) => row.id)).toEqual(["m8", "m9"]);
  });

  it("end where they are cut off, in the newer direction too", () => {
    const timeline = store.timeline("ada");
    timeline.reset({ rows: messages(5, 6), before: "000005", after: "000006" });
    core.put({ messages: [message(9)] });
    expect(timeline.rows.map((row) => row.id)).toEqual(["m5", "m6"]);
    timeline.append({ rows: messages(7, 9), before: "000007", after: null }, "000006");
    core.put({ messages: [message(10)] });
    expect([timeline.rows.at(-1)?.id, timeline.after]).toEqual(["m10", null]);
  });

  it("let go of what is far, at the seam of two pages", () => {
    const timeline = store.timeline("ada");
    timeline.reset({ rows: messages(21, 30), before: "000021", after: null });
    timeline.prepend({ rows: messages(11, 20), before: "000011", after: "000020" }, "000021");
    timeline.prepend({ rows: messages(1, 10), before: null, after: "000010" }, "000011");
    expect([timeline.trimNewer(25), timeline.rows.at(-1)?.id, timeline.after]).toEqual([true, "m20", "000020"]);
    expect([timeline.trimOlder(15), timeline.rows[0]?.id, timeline.before]).toEqual([true, "m11", "000011"]);
    expect(timeline.trimOlder(15)).toBe(false);
  });

  it("tell of what newly appears, once", () => {
    const heard: string[] = [];
    store.onArrival((row) => heard.push(row.id));
    store.timeline("ada").reset({ rows: messages(1, 3), before: null, after: null });
    core.put({ messages: [message(3), message(4)] });
    core.put({ messages: [message(4, { text: "again" })] });
    expect(heard).toEqual(["m4"]);
  });
});
