import { fireEvent, render, screen } from "@testing-library/svelte";
import { beforeEach, describe, expect, it } from "vitest";
import { chat } from "../../../tests/rows";
import { FakeCore, problem } from "../../core/fake";
import { Store } from "../../state/store.svelte.ts";
import { Composer, TEXT_LIMIT } from "./composer.svelte.ts";
import ComposerView from "./Composer.svelte";

let core: FakeCore;
let store: Store;

beforeEach(async () => {
  core = new FakeCore();
  core.put({ chats: [chat("ada"), chat("bo")] });
  store = new Store(core);
  await store.open();
});

const sent = () => core.calls.filter((call) => call.startsWith("sendText"));

describe("writing", () => {
  it("keeps a draft per chat", () => {
    const ada = new Composer(store, "ada");
    ada.write("half a thought");
    expect([new Composer(store, "ada").text, new Composer(store, "bo").text]).toEqual(["half a thought", ""]);
  });

  it("sends what is written, trimmed, and is empty at once", async () => {
    const composer = new Composer(store, "ada");
    composer.write("  hello \n");
    const sending = composer.send();
    expect(composer.text).toBe("");
    await sending;
    expect(sent()).toEqual(["sendText ada hello"]);
  });

  it("gives the text back when the core refuses", async () => {
    core.refusals.set("sendText", problem("queueFull"));
    const composer = new Composer(store, "ada");
    composer.write("hello");
    await composer.send();
    expect([composer.text, composer.problem]).toEqual(["hello", expect.stringContaining("Too many")]);
  });

  it("counts bytes, and says when one message cannot hold them", async () => {
    const composer = new Composer(store, "ada");
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
    render(ComposerView, { store, chat: "ada", name: "Ada" });
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
