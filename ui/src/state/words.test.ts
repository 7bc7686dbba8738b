import { describe, expect, it } from "vitest";
import { MINUTE, NOON } from "../../tests/rows";
import { Navigation } from "./navigation.svelte.ts";
import { ago, day, short, until } from "./time";
import { explain, sentence } from "./words";

const DAY = 24 * 60 * MINUTE;

describe("problems", () => {
  it("become sentences that say what to do", () => {
    expect(sentence("noCodeInPicture")).toContain("Try a sharper one");
  });

  it("never show what was thrown", () => {
    expect(explain(new Error("ECONNREFUSED"))).toBe(sentence("broken"));
    expect(explain({ code: "ofTheFuture", text: "boom" })).toBe(sentence("broken"));
  });
});

describe("times", () => {
  it("read as people say them", () => {
    expect(day(NOON, NOON)).toBe("Today");
    expect(day(NOON - DAY, NOON)).toBe("Yesterday");
    expect(day(NOON - 2 * DAY, NOON)).toBe("Wednesday");
    expect(short(NOON - 3 * DAY, NOON)).toBe("Tue");
    expect(short(NOON - 400 * DAY, NOON)).toMatch(/2025/);
    expect(until(NOON + DAY, NOON)).toMatch(/^tomorrow 12:00/);
    expect(ago(NOON - 5 * MINUTE, NOON)).toBe("5 minutes ago");
    expect(ago(NOON - 10_000, NOON)).toBeNull();
  });
});

describe("moving among chats", () => {
  it("stops at both ends and starts from either", () => {
    const navigation = new Navigation();
    const order = ["ada", "bo", "cyan"];
    navigation.step(order, -1);
    expect(navigation.chat).toBe("cyan");
    navigation.step(order, 1);
    expect(navigation.chat).toBe("cyan");
    navigation.step(order, -1);
    expect(navigation.chat).toBe("bo");
    navigation.step([], 1);
    expect(navigation.chat).toBe("bo");
  });
});
