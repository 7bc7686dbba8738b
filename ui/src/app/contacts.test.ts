import { fireEvent, render, screen, within } from "@testing-library/svelte";
import axe from "axe-core";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { chat, message, messages, request } from "../../tests/rows";
import { FakeCore } from "../core/fake";
import { codeOf } from "../core/fakeContacts";
import App from "./App.svelte";

// jsdom has no canvas.
vi.mock("uplot", () => ({ default: class { setData() {} setSize() {} redraw() {} destroy() {} } }));

let core: FakeCore;

beforeEach(() => {
  core = new FakeCore();
  core.put({
    chats: [
      chat("ada", { title: "Ada", sortedAt: 3 }),
      chat("bo", { title: "Bo", sortedAt: 2 }),
      chat("cyan", { title: "Cyan", sortedAt: 1, archived: true, unread: 2 }),
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

const rows = () => screen.getAllByTestId("chat-row");
const titles = () => rows().map((row) => row.dataset["title"]);

async function choose(row: number, testid: string): Promise<void> {
  await fireEvent.contextMenu(rows()[row] as HTMLElement);
  const item = await screen.findByTestId(testid);
  await fireEvent.pointerMove(item);
  await fireEvent.click(item);
}

async function openAda(): Promise<void> {
  await fireEvent.click(rows().find((row) => row.dataset["title"] === "Ada") as HTMLElement);
  await screen.findAllByTestId("message");
}

async function violations(container: HTMLElement) {
  const { violations } = await axe.run(container, { rules: { "color-contrast": { enabled: false }, region: { enabled: false } } });
  return violations.map(({ id, nodes }) => [id, nodes.map((node) => node.html.slice(0, 160))]);
}

describe("chats in the list", () => {
  it("are pinned, muted and archived from their menu", async () => {
    const container = await open();
    expect(titles()).toEqual(["Ada", "Bo"]);
    await choose(1, "menu-pin");
    await expect.poll(titles).toEqual(["Bo", "Ada"]);
    expect(rows()[0]?.getAttribute("aria-label")).toMatch(/pinned$/);
    await choose(1, "menu-mute-8h");
    expect(core.calls.at(-1)).toBe("setMuted ada true 28800000");
    await expect.poll(() => rows()[1]?.getAttribute("aria-label")).toMatch(/muted$/);
    await choose(0, "menu-archive");
    await expect.poll(titles).toEqual(["Ada"]);
    expect(await violations(container)).toEqual([]);
  });

  it("that are archived stand behind an entry at the end, and are found by name", async () => {
    await open();
    const entry = screen.getByTestId("archived");
    expect(entry.textContent).toContain("2 unread");
    await fireEvent.click(entry);
    await expect.poll(titles).toEqual(["Cyan"]);
    await choose(0, "menu-unarchive");
    await expect.poll(() => screen.queryAllByTestId("chat-row")).toEqual([]);
    expect(screen.getByText("Nothing is archived any more.")).toBeTruthy();
    await fireEvent.click(screen.getByTestId("archive-back"));
    await expect.poll(titles).toEqual(["Ada", "Bo", "Cyan"]);
    expect(screen.queryByTestId("archived")).toBeNull();
  });
});

describe("somebody blocked", () => {
  it("cannot be written to until unblocked", async () => {
    await open();
    await openAda();
    await fireEvent.keyDown(window, { key: ".", ctrlKey: true });
    await fireEvent.click(await screen.findByTestId("details-block"));
    expect((await screen.findByTestId("blocked")).textContent).toContain("You blocked");
    expect(screen.queryByTestId("composer")).toBeNull();
    await fireEvent.click(screen.getByTestId("unblock"));
    expect(await screen.findByTestId("composer")).toBeTruthy();
    expect(core.calls.filter((call) => /block/.test(call))).toEqual(["block account-ada", "unblock account-ada"]);
  });

  it("who asked is gone from the list, and stands in the settings", async () => {
    const container = await open();
    await fireEvent.click(screen.getByTestId("request-block"));
    await expect.poll(() => screen.queryByTestId("request-card")).toBeNull();
    await fireEvent.keyDown(window, { key: ",", ctrlKey: true });
    const row = await screen.findByTestId("blocked-row");
    expect(row.textContent).toContain("dee");
    expect(await violations(container)).toEqual([]);
    await fireEvent.click(within(row).getByTestId("unblock"));
    await expect.poll(() => screen.queryByTestId("blocked-row")).toBeNull();
    await fireEvent.click(screen.getByTestId("refuse-strangers"));
    await expect.poll(() => core.strangersRefused).toBe(true);
  });
});

describe("a safety number", () => {
  async function compare(): Promise<HTMLElement> {
    await open();
    await openAda();
    await fireEvent.keyDown(window, { key: ".", ctrlKey: true });
    await fireEvent.click(await screen.findByTestId("verify-row"));
    expect(await screen.findByTestId("safety-number")).toBeTruthy();
    return screen.getByTestId("verify");
  }

  it("is compared by eye", async () => {
    const dialog = await compare();
    expect(within(dialog).getByTestId("safety-number").querySelectorAll("li")).toHaveLength(12);
    expect(await violations(dialog)).toEqual([]);
    await fireEvent.click(within(dialog).getByTestId("verify-match"));
    expect(await within(dialog).findByTestId("verify-done")).toBeTruthy();
    expect(core.calls).toContain("verify account-ada 12");
    expect(screen.getByTestId("header-shield")).toBeTruthy();
  });

  it("is scanned, and a difference is said loudly", async () => {
    const dialog = await compare();
    const field = within(dialog).getByTestId("verify-text");
    await fireEvent.input(field, { target: { value: codeOf("somebody-else") } });
    await fireEvent.click(within(dialog).getByTestId("verify-submit"));
    const said = await within(dialog).findByTestId("verify-problem");
    expect(within(said).getByRole("alert").textContent).toContain("differ");
    expect(within(dialog).queryByTestId("verify-done")).toBeNull();
    await fireEvent.input(field, { target: { value: codeOf("account-ada") } });
    await fireEvent.click(within(dialog).getByTestId("verify-submit"));
    expect(await within(dialog).findByTestId("verify-done")).toBeTruthy();
  });

  it("that changed is said in the chat, beside the name and in the dialog", async () => {
    const line = message(4, { kind: "notice", notice: { type: "newDevice" }, authorName: "Ada" });
    core.put({ chats: [chat("ada", { title: "Ada", sortedAt: 3, trust: "changed" })], messages: [line] });
    await open();
    await openAda();
    expect(screen.getByTestId("notice").textContent).toContain("has a new device");
    expect(rows()[0]?.getAttribute("aria-label")).toContain("has a new device");
    await fireEvent.click(screen.getByTestId("notice-verify"));
    const dialog = await screen.findByTestId("verify");
    expect(dialog.textContent).toContain("Compare the number again");
  });
});
