import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { message, NOON } from "../../tests/rows";
import type { MessageNotice } from "../core";
import { FakeCore, problem } from "../core/fake";
import { watchIdle } from "./idle";
import { isolated, noticeLine, presenceLine, typingLine } from "./people";
import { bytes, duration, span } from "./time";
import { Deletions, UNDO_MS } from "./undo.svelte.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe("leaving the window alone", () => {
  it("is told once, and so is coming back", () => {
    const page = new EventTarget();
    const told: number[] = [];
    const stop = watchIdle(60, (seconds) => told.push(seconds), page);
    vi.advanceTimersByTime(50_000);
    page.dispatchEvent(new Event("pointermove"));
    vi.advanceTimersByTime(59_000);
    expect(told).toEqual([]);
    vi.advanceTimersByTime(200_000);
    expect(told).toEqual([60]);
    page.dispatchEvent(new Event("keydown"));
    page.dispatchEvent(new Event("keydown"));
    expect(told).toEqual([60, 0]);
    stop();
    vi.advanceTimersByTime(200_000);
    expect(told).toEqual([60, 0]);
  });

  it("is never told when it is switched off", () => {
    const told: number[] = [];
    watchIdle(0, (seconds) => told.push(seconds), new EventTarget());
    vi.advanceTimersByTime(10_000_000);
    expect(told).toEqual([]);
  });
});

describe("deleting", () => {
  it("can be undone until the core is told", async () => {
    const core = new FakeCore();
    const deletions = new Deletions(core);
    deletions.later("m1");
    vi.advanceTimersByTime(UNDO_MS - 1);
    deletions.undo();
    vi.advanceTimersByTime(UNDO_MS);
    expect([core.calls, deletions.going.size]).toEqual([[], 0]);
    deletions.later("m1");
    deletions.later("m2");
    expect([core.calls, deletions.pending]).toEqual([["deleteMessage m1"], "m2"]);
    await vi.advanceTimersByTimeAsync(UNDO_MS);
    expect([core.calls.at(-1), deletions.going.size]).toEqual(["deleteMessage m2", 0]);
  });

  it("says why it could not be", async () => {
    const core = new FakeCore();
    core.refusals.set("deleteMessage", problem("notYours"));
    const deletions = new Deletions(core);
    deletions.later("m1");
    deletions.flush();
    await vi.advanceTimersByTimeAsync(0);
    expect([deletions.problem, deletions.going.size]).toEqual([expect.stringContaining("Only the person"), 0]);
  });
});

describe("people in words", () => {
  const bare = (text: string | null) => text?.replace(/[\u2068\u2069]/g, "");

  it("are somewhere, and say so", () => {
    const row = { account: "a", state: "online", text: "", lastSeen: null } as const;
    expect(presenceLine(undefined, NOON)).toBeNull();
    expect(bare(presenceLine({ ...row, text: "in the studio" }, NOON))).toBe("online · “in the studio”");
    expect(presenceLine({ ...row, state: "offline", lastSeen: NOON - 3_600_000 }, NOON)).toBe("last seen 1 hour ago");
  });

  it("write", () => {
    const people = ["Ada", "Bo", "Cyan", "Dee"].map((name) => ({ account: name, name }));
    expect([0, 1, 2, 3, 4].map((count) => bare(typingLine(people.slice(0, count))))).toEqual([
      undefined,
      "Ada is writing…",
      "Ada and Bo are writing…",
      "Ada, Bo, and Cyan are writing…",
      "Several people are writing…",
    ]);
  });

  it("cannot turn a sentence round with their name", () => {
    expect(isolated("Zoë \u202e\u2069gnilrats\n")).toBe("\u2068Zoë gnilrats\u2069");
  });

  it("set timers", () => {
    const line = (notice: MessageNotice, own = false) => bare(noticeLine(message(1, { kind: "notice", notice, own }), "me"));
    expect(line({ type: "timer", seconds: 28 * 86_400 })).toBe("Ada set messages to disappear 4 weeks after they are seen.");
    expect(line({ type: "timer", seconds: null }, true)).toBe("You switched off disappearing messages.");
    expect(line({ type: "gap" })).toContain("sent again");
  });

  it("measure", () => {
    expect([30, 300, 3_600, 86_400, 604_800].map((seconds) => duration(seconds))).toEqual([
      "30 seconds",
      "5 minutes",
      "1 hour",
      "1 day",
      "1 week",
    ]);
    expect([120, 41_000, 22_320_000].map(span)).toEqual(["120 ms", "41s", "6h 12m"]);
    expect(bytes(4_812_331)).toBe("4.8 MB");
  });
});
