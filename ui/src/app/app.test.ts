import { fireEvent, render, screen, within } from "@testing-library/svelte";
import axe from "axe-core";
import { beforeEach, describe, expect, it } from "vitest";
import { chat, message, messages, request } from "../../tests/rows";
import { FakeCore, problem } from "../core/fake";
import App from "./App.svelte";

let core: FakeCore;

beforeEach(() => {
  core = new FakeCore();
  core.put({
    chats: [
      chat("ada", { title: "Ada", unread: 1, firstUnread: "m3", sortedAt: 2 }),
      chat("bo", { title: "Bo", sortedAt: 1 }),
    ],
    messages: messages(1, 3),
    requests: [request("dee")],
  });
});

async function open(): Promise<HTMLElement> {
  const { container } = render(App, { core });
  await screen.findAllByTestId("chat-row");
  return container;
}

const titles = () => screen.getAllByTestId("chat-row").map((row) => row.dataset["title"]);

describe("the window", () => {
  it("lists chats and requests, and opens a chat", async () => {
    await open();
    expect(titles()).toEqual(["Ada", "Bo"]);
    expect(screen.getByTestId("request-card").textContent).toContain("dee");
    await fireEvent.click(screen.getAllByTestId("chat-row")[0] as HTMLElement);
    const timeline = await screen.findByTestId("timeline");
    expect((await within(timeline).findAllByTestId("message")).map((row) => row.dataset["id"])).toEqual(["m1", "m2", "m3"]);
    expect(within(timeline).getByTestId("new-divider").textContent).toBe("1 new");
  });

  it("shows one's own message and how far it has come", async () => {
    await open();
    await fireEvent.click(screen.getAllByTestId("chat-row")[0] as HTMLElement);
    await screen.findAllByTestId("message");
    await fireEvent.input(screen.getByTestId("composer"), { target: { value: "hello" } });
    await fireEvent.click(screen.getByTestId("send"));
    const own = await screen.findByText("hello", { selector: "[data-testid='message-text']" });
    const row = own.closest<HTMLElement>("[data-testid='message']");
    expect([row?.dataset["own"], row?.dataset["state"]]).toEqual(["true", "sending"]);
    core.put({ messages: [message(9, { id: row?.dataset["id"] ?? "", own: true, author: "me", text: "hello", state: "read" })] });
    await expect.poll(() => screen.getByText("hello", { selector: "[data-testid='message-text']" }).closest<HTMLElement>("[data-testid='message']")?.dataset["state"]).toBe("read");
  });

  it("is moved through by keys", async () => {
    await open();
    await fireEvent.keyDown(window, { key: "ArrowDown", altKey: true });
    await fireEvent.keyDown(window, { key: "ArrowDown", altKey: true });
    expect((await screen.findByTestId("timeline")).getAttribute("aria-label")).toBe("Messages with Bo");
    await fireEvent.keyDown(window, { key: "n", ctrlKey: true });
    expect(await screen.findByTestId("invite-qr")).toBeTruthy();
  });

  it("says what happened when Snug cannot start, and tries again", async () => {
    core.refusals.set("startup", problem("keychainLocked"));
    render(App, { core });
    expect((await screen.findByTestId("failure")).textContent).toContain("Unlock the keychain");
    core.refusals.clear();
    await fireEvent.click(screen.getByTestId("failure-retry"));
    expect(await screen.findAllByTestId("chat-row")).toHaveLength(2);
  });

  it("chooses a passphrase where there is no keychain", async () => {
    core.refusals.set("startup", problem("keychainMissing"));
    render(App, { core });
    await fireEvent.input(await screen.findByTestId("passphrase"), { target: { value: "amber lamp" } });
    await fireEvent.input(screen.getByTestId("passphrase-again"), { target: { value: "amber lamb" } });
    expect(screen.getByTestId("passphrase-open")).toHaveProperty("disabled", true);
    await fireEvent.input(screen.getByTestId("passphrase-again"), { target: { value: "amber lamp" } });
    await fireEvent.click(screen.getByTestId("passphrase-open"));
    expect(await screen.findAllByTestId("chat-row")).toHaveLength(2);
    expect(core.calls).toContain("unlock amber lamp");
  });

  it("asks for the passphrase until it is right", async () => {
    core.refusals.set("startup", problem("passphraseWrong"));
    core.refusals.set("unlock", problem("passphraseWrong"));
    render(App, { core });
    const field = await screen.findByTestId("passphrase");
    expect(field.getAttribute("aria-invalid")).toBeNull();
    await fireEvent.input(field, { target: { value: "daylight" } });
    await fireEvent.click(screen.getByTestId("passphrase-open"));
    await expect.poll(() => field.getAttribute("aria-invalid")).toBe("true");
    core.refusals.delete("unlock");
    await fireEvent.click(screen.getByTestId("passphrase-open"));
    expect(await screen.findAllByTestId("chat-row")).toHaveLength(2);
  });

  it("satisfies axe", async () => {
    const container = await open();
    await fireEvent.click(screen.getAllByTestId("chat-row")[0] as HTMLElement);
    await screen.findAllByTestId("message");
    // jsdom draws no colours; contrast is kept by the tokens.
    const { violations } = await axe.run(container, { rules: { "color-contrast": { enabled: false }, region: { enabled: false } } });
    expect(violations.map(({ id, nodes }) => [id, nodes.map((node) => node.html.slice(0, 120))])).toEqual([]);
  });
});
