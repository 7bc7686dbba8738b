import { fireEvent, render, screen } from "@testing-library/svelte";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ada, bo, chat, me, message, messages } from "../../../tests/rows";
import { FakeCore, problem } from "../../core/fake";
import { groupRow } from "../../core/rows";
import { Conversation } from "../../state/conversation.svelte.ts";
import { Store } from "../../state/store.svelte.ts";
import { choices, closed, mentionsIn } from "./complete";
import { Composer, TEXT_LIMIT } from "./composer.svelte.ts";
import ComposerView from "./Composer.svelte";
import { AGAIN_MS, REST_MS, Typing } from "./typing";

let core: FakeCore;
let store: Store;

beforeEach(async () => {
  core = new FakeCore();
  core.put({ chats: [chat("ada", { title: "Ada Moreau" }), chat("bo")], messages: messages(1, 3) });
  store = new Store(core);
  await store.open();
});

const composerOf = (id: string) => new Composer(store, new Conversation(id));
const sent = () => core.calls.filter((call) => call.startsWith("sendText"));

describe("writing", () => {
  it("keeps a draft per chat", () => {
    const ada = composerOf("ada");
    ada.write("half a thought");
    expect([composerOf("ada").text, composerOf("bo").text]).toEqual(["half a thought", ""]);
  });

  it("sends what is written, trimmed, and is empty at once", async () => {
    const composer = composerOf("ada");
    composer.write("  hello \n");
    const sending = composer.send();
    expect(composer.text).toBe("");
    await sending;
    expect(sent()).toEqual(["sendText ada hello"]);
  });

  it("gives the text back when the core refuses", async () => {
    core.refusals.set("sendText", problem("queueFull"));
    const composer = composerOf("ada");
    composer.write("hello");
    await composer.send();
    expect([composer.text, composer.problem]).toEqual(["hello", expect.stringContaining("Too many")]);
  });

  it("counts bytes, and says when one message cannot hold them", async () => {
    const composer = composerOf("ada");
    composer.write("é".repeat(TEXT_LIMIT / 2));
    expect([composer.over, composer.sendable]).toEqual([0, true]);
    composer.write(`${composer.text}é`);
    expect([composer.over, composer.sendable]).toEqual([2, false]);
    await composer.send();
    expect(sent()).toEqual([]);
  });
});

describe("the field", () => {
  it("sends with Enter, but not with Shift or while composing", async () => {
    render(ComposerView, { store, conversation: new Conversation("ada"), name: "Ada" });
    const field = screen.getByTestId("composer");
    await fireEvent.input(field, { target: { value: "hello" } });
    await fireEvent.keyDown(field, { key: "Enter", shiftKey: true });
    await fireEvent.keyDown(field, { key: "Enter", isComposing: true });
    expect(sent()).toEqual([]);
    await fireEvent.keyDown(field, { key: "Enter" });
    expect(sent()).toEqual(["sendText ada hello"]);
    expect(field).toHaveProperty("value", "");
  });
});

describe("answering and changing", () => {
  it("sends an answer once, and forgets what it answered", async () => {
    const composer = composerOf("ada");
    composer.conversation.reply(message(2));
    composer.replyChanged();
    composer.write("yes");
    await composer.send();
    expect(composer.conversation.replyTo).toBeNull();
    const page = await core.messages("ada", { limit: 1 });
    expect(page.rows[0]?.quote?.id).toBe("m2");
  });

  it("changes one's own message, and gives back what was begun before", async () => {
    core.put({ messages: [message(4, { own: true, text: "tpyo", state: "read" })] });
    const composer = composerOf("ada");
    composer.write("half a thought");
    composer.conversation.edit(message(4, { own: true, text: "tpyo" }));
    expect(composer.text).toBe("tpyo");
    composer.write("typo");
    await composer.send();
    expect(core.calls.at(-1)).toBe("editMessage m4 typo");
    expect([composer.text, composer.conversation.editing]).toEqual(["half a thought", null]);
  });

  it("takes the last of one's own only when nothing is written", () => {
    const composer = composerOf("ada");
    composer.conversation.lastOwn = () => message(3, { own: true });
    composer.write("x");
    expect(composer.editLast()).toBe(false);
    composer.write("");
    expect([composer.editLast(), composer.text]).toEqual([true, "text 3"]);
    expect([composer.cancel(), composer.text, composer.cancel()]).toEqual([true, "", false]);
  });

  it("is kept with the draft, and comes back with it", async () => {
    core.drafts.set("ada", { text: "so", replyTo: "m2", editing: null });
    const composer = composerOf("ada");
    await composer.open();
    expect([composer.text, composer.conversation.replyTo?.id]).toEqual(["so", "m2"]);
  });
});

describe("words at the caret", () => {
  const people = [
    { account: "ada", name: "Ada" },
    { account: "ada2", name: "Ada Moreau" },
  ];

  it("become emoji and names", () => {
    expect(choices("so :tad", 7, []).map((choice) => choice.insert)).toEqual(["🎉"]);
    expect(choices("at 10:30", 8, [])).toEqual([]);
    expect(choices("hi @mor", 7, people).map((choice) => choice.insert)).toEqual(["@Ada Moreau "]);
    expect(choices("a@mor", 5, people)).toEqual([]);
    expect(closed("yes :tada:", 10)).toMatchObject({ insert: "🎉", from: 4, to: 10 });
    expect(closed("10:30:", 6)).toBeNull();
  });

  it("mention everyone of a group, while one message can", () => {
    const everyone = { word: "all", hint: "everyone" };
    expect(choices("@al", 3, people, everyone).map((choice) => choice.insert)).toEqual(["@all "]);
    expect(choices("@al", 3, people)).toEqual([]);
    expect(mentionsIn("@all tea? @all", people, everyone)).toEqual([
      { account: "ada", from: 0, to: 4 },
      { account: "ada2", from: 0, to: 4 },
    ]);
    expect(mentionsIn("@allison", people, everyone)).toEqual([]);
    const crowd = Array.from({ length: 65 }, (_, i) => ({ account: `a${i}`, name: `Name ${i}x` }));
    expect(mentionsIn("@all", crowd, everyone)).toEqual([]);
  });

  it("are names of a group's participants, also of those who never wrote", async () => {
    core.putGroup(groupRow({ id: "g", name: "Physics", participants: [me, ada, bo] }));
    await store.groups.load("g");
    const composer = composerOf("g");
    expect(composer.people().map(({ name }) => name)).toEqual(["Ada", "Bo"]);
    expect(composer.everyone()).toEqual({ word: "all", hint: "everyone, 2 people" });
    composer.write("@all and @Bo");
    const send = vi.spyOn(core, "sendText");
    await composer.send();
    expect(send.mock.calls[0]?.[2].mentions.map(({ account }) => account)).toEqual(["account-ada", "account-bo", "account-bo"]);
  });

  it("mention whoever is named in full", () => {
    expect(mentionsIn("@Ada Moreau, ask @Ada. @Adam no", people)).toEqual([
      { account: "ada2", from: 0, to: 11 },
      { account: "ada", from: 17, to: 21 },
    ]);
  });
});

describe("telling that one writes", () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });
  const told = () => core.calls.filter((call) => call.startsWith("typing"));

  it("is repeated seldom, and ends with a rest", () => {
    const typing = new Typing(core, "ada");
    typing.wrote(false);
    typing.wrote(false);
    expect(told()).toEqual(["typing ada true"]);
    vi.advanceTimersByTime(AGAIN_MS);
    typing.wrote(false);
    expect(told()).toHaveLength(2);
    vi.advanceTimersByTime(REST_MS);
    expect(told().at(-1)).toBe("typing ada false");
    typing.stop();
    expect(told()).toHaveLength(3);
  });

  it("ends at once when the field is emptied", () => {
    const typing = new Typing(core, "ada");
    typing.wrote(true);
    expect(told()).toEqual([]);
    typing.wrote(false);
    typing.wrote(true);
    expect(told()).toEqual(["typing ada true", "typing ada false"]);
  });

  it("keeps drafts after a short rest, and at once on leaving", async () => {
    const composer = composerOf("ada");
    const kept = () => core.calls.filter((call) => call.startsWith("setDraft"));
    composer.write("h");
    composer.write("ha");
    await vi.advanceTimersByTimeAsync(299);
    expect(kept()).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(kept()).toEqual(["setDraft ada ha"]);
    composer.write("hal");
    composer.leave();
    await vi.advanceTimersByTimeAsync(0);
    expect(kept()).toEqual(["setDraft ada ha", "setDraft ada hal"]);
  });
});
