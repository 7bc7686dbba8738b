import { beforeEach, describe, expect, it } from "vitest";
import { chat, message, messages, MINUTE, NOON } from "../../../tests/rows";
import { FakeCore } from "../../core/fake";
import { Store } from "../../state/store.svelte.ts";
import { dayAt, type Item, layOut, newestHeard } from "./items";
import { cutAt, pieces } from "./text";
import { Timeline } from "./timeline.svelte.ts";

/** A line per item, groups in brackets. */
function drawn(items: readonly Item[]): string {
  return items
    .map((item) => {
      if (item.kind === "day") return "day";
      if (item.kind === "new") return `new ${item.count}`;
      if (item.kind === "notice") return "notice";
      return `${item.first ? "[" : ""}${item.row.id}${item.last ? "]" : ""}`;
    })
    .join(" ");
}

describe("laying out", () => {
  it("groups one author's messages within five minutes", () => {
    const rows = [message(1), message(2), message(8), message(9, { author: "me", own: true }), message(10)];
    expect(drawn(layOut(rows, null))).toBe("day [m1 m2] [m8] [m9] [m10]");
  });

  it("separates days, and breaks groups at the divider and at notices", () => {
    const rows = [message(1), message(2), message(3), message(4, { kind: "notice" }), message(5)];
    expect(drawn(layOut(rows, { id: "m3", count: 1 }))).toBe("day [m1 m2] new 1 [m3] notice [m5]");
    const nextDay = message(2, { at: NOON + 13 * 60 * MINUTE });
    expect(drawn(layOut([message(1), nextDay], null))).toBe("day [m1] day [m2]");
  });

  it("knows the day and the newest heard at any line", () => {
    const items = layOut([message(1), message(2, { own: true, author: "me" })], null);
    expect(dayAt(items, 2)).toBe(message(1).at);
    expect(newestHeard(items, 2)?.id).toBe("m1");
    expect(newestHeard(items, 0)).toBeNull();
  });
});

describe("an open chat", () => {
  let core: FakeCore;
  let store: Store;
  let here = true;

  beforeEach(async () => {
    core = new FakeCore();
    core.put({
      chats: [chat("ada", { unread: 100, firstUnread: "m201" })],
      messages: messages(1, 300),
    });
    store = new Store(core);
    here = true;
    await store.open();
  });

  const open = async () => {
    const timeline = new Timeline(store, "ada", () => here);
    await timeline.load();
    return timeline;
  };

  it("reaches back to the first unread message and marks it", async () => {
    const timeline = await open();
    expect(timeline.items.filter((item) => item.kind === "new")).toEqual([{ kind: "new", key: "new", count: 100 }]);
    expect(timeline.rows.rows.length).toBeLessThan(200);
  });

  it("loads both ways page by page up to the beginning and the end", async () => {
    const timeline = await open();
    while (timeline.rows.before !== null) await timeline.loadOlder();
    while (timeline.rows.after !== null) await timeline.loadNewer();
    expect(timeline.rows.rows.map((row) => row.id)).toEqual(messages(1, 300).map((row) => row.id));
  });

  it("tells the core what was seen, once and only forward", async () => {
    const timeline = await open();
    timeline.see(message(250));
    timeline.see(message(240));
    timeline.see(message(250));
    expect(core.calls.filter((call) => call.startsWith("markRead"))).toEqual(["markRead ada m250"]);
    await expect.poll(() => timeline.unread).toBe(50);
  });

  it("keeps the divider after everything is read", async () => {
    const timeline = await open();
    timeline.see(message(300));
    await expect.poll(() => timeline.unread).toBe(0);
    expect(timeline.divider).toEqual({ id: "m201", count: 100 });
  });

  it("draws the divider where the person looked away", async () => {
    core.put({ chats: [chat("ada")] });
    const timeline = await open();
    expect(timeline.rows.after).toBeNull();
    core.put({ messages: [message(301)] });
    expect(timeline.divider).toBeNull();
    here = false;
    core.put({ messages: [message(302), message(303)] });
    expect(timeline.divider).toEqual({ id: "m302", count: 2 });
    timeline.leave();
    core.put({ messages: [message(304)] });
    expect(timeline.divider?.count).toBe(2);
  });

  it("leads to a message that is far, and to a day", async () => {
    const timeline = await open();
    expect(await timeline.find({ chat: "ada", message: "m5" })).toBe("m5");
    expect([timeline.has("m5"), timeline.has("m201"), timeline.epoch]).toEqual([true, false, 2]);
    expect(await timeline.find({ chat: "ada", at: message(250).at - 1 })).toBe("m250");
    await timeline.toNewest();
    expect([timeline.rows.rows.at(-1)?.id, timeline.rows.after]).toEqual(["m300", null]);
  });

  it("says in words what is not there any more", async () => {
    const timeline = await open();
    expect(await timeline.find({ chat: "ada", message: "m999" })).toBeNull();
    expect(timeline.problem).toContain("not on this device");
  });

  it("starts at the end when the first unread message is not there any more", async () => {
    core.put({ chats: [chat("ada", { unread: 1, firstUnread: "m999" })] });
    const timeline = await open();
    expect([timeline.rows.rows.at(-1)?.id, timeline.problem]).toEqual(["m300", null]);
  });
});

describe("a mention of everyone", () => {
  it("is one piece that names them all", () => {
    const mentions = ["a", "b"].map((account) => ({ account, from: 0, to: 4 }));
    expect(pieces("@all hi", mentions)).toEqual([
      { text: "@all", accounts: ["a", "b"] },
      { text: " hi", accounts: [] },
    ]);
  });
});

describe("a long text", () => {
  it("is cut where people see an end, and not at all when it is short", () => {
    expect(cutAt("x".repeat(1_400))).toBeNull();
    expect(cutAt("x".repeat(65_536))).toBe(1_400);
    expect(cutAt("a\n".repeat(40))).toBe(47);
    const family = "👨‍👩‍👧".repeat(400);
    expect(family.slice(0, cutAt(family) ?? 0).length % "👨‍👩‍👧".length).toBe(0);
    expect(cutAt(`e${"\u0301".repeat(60_000)}`)).toBeGreaterThan(1_300);
  });

  it("keeps mentions apart and leaves out those that do not fit", () => {
    const mentions = [
      { account: "b", from: 4, to: 7 },
      { account: "a", from: 0, to: 3 },
      { account: "c", from: 5, to: 900 },
      { account: "d", from: 1, to: 2 },
    ];
    expect(pieces("@Jo @Bo hi", mentions).map((piece) => [piece.text, piece.accounts[0] ?? null])).toEqual([
      ["@Jo", "a"],
      [" ", null],
      ["@Bo", "b"],
      [" hi", null],
    ]);
  });
});
