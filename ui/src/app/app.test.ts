import { fireEvent, render, screen, within } from "@testing-library/svelte";
import axe from "axe-core";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { chat, message, messages, request } from "../../tests/rows";
import { FakeCore, problem } from "../core/fake";
import App from "./App.svelte";

// jsdom has no canvas.
vi.mock("uplot", () => ({ default: class { setData() {} setSize() {} redraw() {} destroy() {} } }));

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

  it("makes a group, and shows it with who is in it", async () => {
    core.put({ messages: [] });
    const container = await open();
    await fireEvent.click(screen.getByTestId("add"));
    await choose("add-group");
    await fireEvent.input(await screen.findByTestId("group-name"), { target: { value: "Physics" } });
    await fireEvent.click((await screen.findAllByTestId("pick"))[1] as HTMLElement);
    await fireEvent.click(screen.getByTestId("group-create"));
    await expect.poll(() => screen.getByTestId("presence").textContent).toBe("2 participants · 1 here now");
    const bo = { author: "account-bo", authorName: "Bo" };
    const changes = [{ type: "role", account: "me", name: "Jo", role: "admin" }] as const;
    core.put({
      messages: [
        message(1, { chat: "group-1", ...bo }),
        message(2, { chat: "group-1", ...bo, kind: "notice", notice: { type: "changes", changes: [...changes] } }),
      ],
    });
    await expect.poll(() => screen.getByTestId("notice").textContent).toContain("made you an admin");
    await fireEvent.click(screen.getByTestId("group-header"));
    expect((await screen.findAllByTestId("participant")).map((it) => it.dataset["account"])).toEqual(["me", "account-bo"]);
    expect(await violations(container)).toEqual([]);
    const made = await core.group("group-1");
    core.putGroup({ ...made, participants: made.participants.map((it) => ({ ...it, state: "joined" })) });
    await fireEvent.click(screen.getByTestId("leave"));
    await fireEvent.click(await screen.findByTestId("successor"));
    await fireEvent.click(await screen.findByTestId("leave-sure"));
    await expect.poll(() => screen.getByTestId("gone").textContent).toContain("You left this group");
    expect(screen.queryByTestId("composer")).toBeNull();
  });

  it("opens a new group by its keys", async () => {
    await open();
    await fireEvent.keyDown(window, { key: "G", code: "KeyG", ctrlKey: true, shiftKey: true });
    expect(await screen.findByTestId("new-group")).toBeTruthy();
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

  it("deletes for everyone once the time to undo is over", async () => {
    core.put({ messages: [message(4, { own: true, author: "me", text: "oops", state: "read" })] });
    const row = await message4();
    await fireEvent.contextMenu(within(row).getByTestId("message-text"));
    await choose("menu-delete");
    await expect.poll(() => row.textContent).toContain("You deleted this message");
    await fireEvent.click(await screen.findByTestId("going-undo"));
    await expect.poll(() => row.textContent).toContain("oops");
    expect(core.calls.filter((call) => call.startsWith("deleteMessage"))).toEqual([]);
  });

  it("answers, changes and reacts from the menu of a message", async () => {
    core.put({ messages: [message(4, { own: true, author: "me", text: "tpyo", state: "read" })] });
    const row = await message4();
    await fireEvent.contextMenu(within(row).getByTestId("message-text"));
    await choose("menu-edit");
    await expect.poll(() => screen.getByTestId<HTMLTextAreaElement>("composer").value).toBe("tpyo");
    await fireEvent.keyDown(screen.getByTestId("composer"), { key: "Escape" });
    await fireEvent.contextMenu(within(row).getByTestId("message-text"));
    await choose("menu-reply");
    expect((await screen.findByTestId("composer-bar")).textContent).toContain("Reply to yourself");
    await fireEvent.contextMenu(within(row).getByTestId("message-text"));
    await choose("menu-react");
    const picker = await screen.findByTestId("emoji-picker");
    await fireEvent.click(within(picker).getAllByText("🎉")[0] as HTMLElement);
    expect(await within(row).findByTestId("reaction")).toBeTruthy();
    expect(core.calls.at(-1)).toBe("react m4 🎉");
  });

  it("finds a message and leads to it", async () => {
    await open();
    await fireEvent.keyDown(window, { key: "f", ctrlKey: true });
    const field = await screen.findByTestId("search");
    await fireEvent.input(field, { target: { value: "text 2" } });
    expect((await screen.findByTestId("hit")).textContent).toContain("text 2");
    await fireEvent.keyDown(field, { key: "Enter" });
    const timeline = await screen.findByTestId("timeline");
    await expect.poll(() => timeline.querySelector(".flashed")?.getAttribute("data-id")).toBe("m2");
    await fireEvent.keyDown(field, { key: "Escape" });
    expect(await screen.findAllByTestId("chat-row")).toHaveLength(2);
  });

  it("shows who is there, and who is writing", async () => {
    core.presenceRows = [{ account: "account-ada", state: "busy", text: "exam week", lastSeen: null }];
    await open();
    await fireEvent.click(screen.getAllByTestId("chat-row")[0] as HTMLElement);
    expect((await screen.findByTestId("presence")).textContent).toMatch(/^busy · /);
    core.tell({ type: "typing", chat: "ada", account: "account-ada", name: "Ada", on: true });
    await expect.poll(() => screen.getByTestId("typing").textContent).toContain("is writing…");
  });

  it("marks nothing read while nobody looks", async () => {
    const seen = vi.spyOn(document, "hasFocus").mockReturnValue(false);
    await open();
    screen.getAllByTestId("chat-row")[0]?.click();
    await screen.findAllByTestId("message");
    const read = () => core.calls.filter((call) => call.startsWith("markRead"));
    expect(read()).toEqual([]);
    seen.mockReturnValue(true);
    await fireEvent(window, new Event("focus"));
    await expect.poll(read).toEqual(["markRead ada m3"]);
    seen.mockRestore();
  });

  it("has settings, and a page about the connection", async () => {
    const container = await open();
    await fireEvent.keyDown(window, { key: ",", ctrlKey: true });
    await fireEvent.click(await screen.findByTestId("privacy-typing"));
    await expect.poll(() => core.shown.typing).toBe(false);
    expect(await violations(container)).toEqual([]);
    await fireEvent.keyDown(window, { key: "Escape" });
    expect(await screen.findAllByTestId("chat-row")).toHaveLength(2);
    await fireEvent.click(screen.getByTestId("open-connection"));
    expect((await screen.findByTestId("tile-round-trip")).textContent).toContain("18 ms");
    expect(await violations(container)).toEqual([]);
  });

  it("satisfies axe", async () => {
    core.put({
      messages: [
        message(4, {
          own: true,
          author: "me",
          state: "failed",
          problem: "expired",
          quote: { id: "m1", author: "a", authorName: "Ada", own: false, text: "text 1", gone: false },
        }),
        message(5, {
          editedAt: 1,
          timer: 60,
          priority: "urgent",
          reactions: [{ emoji: "🎉", count: 1, own: true, names: ["Jo"] }],
        }),
      ],
    });
    const container = await open();
    await fireEvent.click(screen.getAllByTestId("chat-row")[0] as HTMLElement);
    await screen.findAllByTestId("message");
    await fireEvent.keyDown(window, { key: ".", ctrlKey: true });
    await screen.findByTestId("timer-choice");
    expect(await violations(container)).toEqual([]);
  });
});

async function message4(): Promise<HTMLElement> {
  await open();
  await fireEvent.click(screen.getAllByTestId("chat-row")[0] as HTMLElement);
  await expect.poll(() => screen.getAllByTestId("message").map((row) => row.dataset["id"])).toContain("m4");
  return screen.getAllByTestId("message").find((row) => row.dataset["id"] === "m4") as HTMLElement;
}

/** What axe finds; jsdom draws no colours: contrast is kept by the tokens. */
async function violations(container: HTMLElement) {
  const { violations } = await axe.run(container, { rules: { "color-contrast": { enabled: false }, region: { enabled: false } } });
  return violations.map(({ id, nodes }) => [id, nodes.map((node) => node.html.slice(0, 160))]);
}

async function choose(testid: string): Promise<void> {
  const item = await screen.findByTestId(testid);
  await fireEvent.pointerMove(item);
  await fireEvent.click(item);
}
