import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { chat, message, messages, NOON } from "../../../tests/rows";
import type { SearchPage } from "../../core";
import { FakeCore, problem } from "../../core/fake";
import { Store } from "../../state/store.svelte.ts";
import { marked, REST_MS, Search } from "./search.svelte.ts";

let core: FakeCore;
let search: Search;

beforeEach(async () => {
  core = new FakeCore();
  core.put({ chats: [chat("ada"), chat("bo")], messages: [...messages(1, 40), message(50, { chat: "bo", text: "text of Bo" })] });
  const store = new Store(core);
  await store.open();
  search = new Search(store, () => NOON);
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const asked = () => core.calls.filter((call) => call.startsWith("search"));

async function typed(text: string): Promise<void> {
  search.text = text;
  search.changed();
  await vi.advanceTimersByTimeAsync(REST_MS);
}

describe("searching as one types", () => {
  it("asks after a short rest, once", async () => {
    search.text = "te";
    search.changed();
    await vi.advanceTimersByTimeAsync(REST_MS - 1);
    await typed("text");
    expect(asked()).toEqual(["search text   "]);
    expect([search.hits.length, search.answered]).toEqual([30, "text"]);
  });

  it("drops answers to what is no longer asked", async () => {
    let answer: (page: SearchPage) => void = () => undefined;
    const real = core.search.bind(core);
    core.search = () => new Promise((done) => (answer = done));
    await typed("text 1");
    core.search = real;
    await typed("text 39");
    answer({ hits: [], before: null });
    await vi.advanceTimersByTimeAsync(0);
    expect(search.hits.map((hit) => hit.message.id)).toEqual(["m39"]);
    search.text = "";
    search.changed();
    expect([search.hits, search.answered]).toEqual([[], null]);
  });

  it("keeps to a chat, an author and a time, and pages on", async () => {
    search.chat = "ada";
    search.author = "account-ada";
    await typed("text");
    expect(asked().at(-1)).toBe("search text ada account-ada ");
    await search.more();
    expect([search.hits.length, search.before]).toEqual([40, null]);
    search.when = "days";
    search.from = NOON + 60_000 * 60 * 24;
    await typed("text");
    expect(search.hits).toEqual([]);
  });

  it("walks round what was found", async () => {
    await typed("text 1");
    const last = search.hits.length - 1;
    search.move(-1);
    expect(search.at).toBe(last);
    search.move(1);
    expect(search.at).toBe(0);
  });

  it("says in words what went wrong", async () => {
    core.refusals.set("search", problem("databaseDamaged"));
    await typed("text");
    expect(search.problem).toContain("damaged");
  });
});

describe("what is marked", () => {
  it("is what was found, and nothing that does not fit", () => {
    expect(marked("the lamp", [[4, 8], [0, 3], [2, 5], [7, 99]])).toEqual([
      { text: "the", marked: true },
      { text: " ", marked: false },
      { text: "lamp", marked: true },
    ]);
  });
});
