import { fireEvent, render, screen, within } from "@testing-library/svelte";
import axe from "axe-core";
import { beforeEach, describe, expect, it } from "vitest";
import { ada, bo, chat, me } from "../../../tests/rows";
import type { GroupRow } from "../../core";
import { FakeCore, problem } from "../../core/fake";
import { groupRow, participantRow } from "../../core/rows";
import { Navigation } from "../../state/navigation.svelte.ts";
import { Store } from "../../state/store.svelte.ts";
import About from "./About.svelte";
import AddParticipants from "./AddParticipants.svelte";
import LeaveGroup from "./LeaveGroup.svelte";
import NewGroup from "./NewGroup.svelte";
import { about, found } from "./people";
import { middle } from "./picture";
import RemoveParticipant from "./RemoveParticipant.svelte";

let core: FakeCore;
let store: Store;
let navigation: Navigation;

const physics = (rest: Partial<GroupRow> = {}) =>
  groupRow({ id: "g", name: "Physics", participants: [me, ada, bo], ...rest });
const asked = (name: string) => core.calls.filter((call) => call.startsWith(`${name} `));
const row = () => store.chats.get("g") as NonNullable<ReturnType<typeof store.chats.get>>;

beforeEach(async () => {
  core = new FakeCore();
  core.put({ chats: [chat("ada", { title: "Ada" }), chat("bo", { title: "Bo" }), chat("cyan", { title: "Cyan" })] });
  core.putGroup(physics());
  store = new Store(core);
  navigation = new Navigation();
  await store.open();
  await store.groups.load("g");
});

const pick = (account: string) => screen.getAllByTestId("pick").find((box) => box.dataset["account"] === account) as HTMLElement;

async function choose(testid: string): Promise<void> {
  const item = await screen.findByTestId(testid);
  await fireEvent.pointerMove(item);
  await fireEvent.click(item);
}

async function violations() {
  const { violations } = await axe.run(document.body, { rules: { "color-contrast": { enabled: false }, region: { enabled: false } } });
  return violations.map(({ id, nodes }) => [id, nodes.map((node) => node.html.slice(0, 160))]);
}

describe("a new group", () => {
  it("is made of a name and whoever was chosen, and opened", async () => {
    const opened: string[] = [];
    render(NewGroup, { store, onclose: () => undefined, onopen: (id) => opened.push(id) });
    expect(screen.getByTestId("group-create")).toHaveProperty("disabled", true);
    await fireEvent.input(screen.getByTestId("group-name"), { target: { value: " Tea " } });
    await screen.findAllByTestId("pick");
    await fireEvent.click(pick("account-bo"));
    const find = screen.getByTestId("pick-find");
    await fireEvent.input(find, { target: { value: "CY" } });
    await fireEvent.keyDown(find, { key: "Enter" });
    expect(screen.getAllByTestId("chip").map((chip) => chip.textContent?.trim())).toEqual(["Bo", "Cyan"]);
    expect(await violations()).toEqual([]);
    await fireEvent.keyDown(find, { key: "Backspace" });
    expect(screen.getAllByTestId("chip")).toHaveLength(1);
    await fireEvent.click(screen.getByTestId("group-create"));
    await expect.poll(() => opened).toEqual(["group-1"]);
    expect(asked("createGroup")).toEqual(["createGroup Tea account-bo"]);
  });

  it("says why it was refused, and stays", async () => {
    core.refusals.set("createGroup", problem("noKeys"));
    render(NewGroup, { store, onclose: () => undefined, onopen: () => undefined });
    await fireEvent.input(screen.getByTestId("group-name"), { target: { value: "Tea" } });
    await fireEvent.click(screen.getByTestId("group-create"));
    expect((await screen.findByRole("alert")).textContent).toContain("must open Snug once");
  });
});

describe("what a group is", () => {
  it("is renamed and described where it stands, by admins", async () => {
    render(About, { store, navigation, chat: row() });
    await fireEvent.click(screen.getByTestId("rename"));
    const field = screen.getByTestId("edit-line");
    await fireEvent.input(field, { target: { value: " Gyroscopes " } });
    await fireEvent.keyDown(field, { key: "Enter" });
    expect(asked("renameGroup")).toEqual(["renameGroup g Gyroscopes"]);
    await fireEvent.click(screen.getByTestId("describe"));
    await fireEvent.input(screen.getByTestId("edit-line"), { target: { value: "Tea on Thursdays" } });
    await fireEvent.click(screen.getByTestId("edit-keep"));
    expect((await screen.findByTestId("description")).textContent).toBe("Tea on Thursdays");
    await fireEvent.click(screen.getByTestId("describe"));
    await fireEvent.keyDown(screen.getByTestId("edit-line"), { key: "Escape" });
    expect(asked("describeGroup")).toHaveLength(1);
  });

  it("is moved to another relay by admins", async () => {
    render(About, { store, navigation, chat: row() });
    expect(screen.getByTestId("group-about").textContent).toContain("relay.example:443");
    await fireEvent.click(screen.getByTestId("move"));
    const field = screen.getByTestId("edit-line");
    await fireEvent.input(field, { target: { value: " wss://other.example " } });
    await fireEvent.keyDown(field, { key: "Enter" });
    expect(asked("moveGroup")).toEqual(["moveGroup g wss://other.example"]);
    core.putGroup(physics({ relay: null, role: "member" }));
    await store.groups.load("g");
    expect(screen.getByTestId("group-about").textContent).toContain("relay of this computer");
    expect(screen.queryByTestId("move")).toBeNull();
  });

  it("lets a member stand for admin where none is heard of", async () => {
    core.putGroup(physics({ role: "member", silentSince: Date.UTC(2026, 7, 1, 12) }));
    await store.groups.load("g");
    render(About, { store, navigation, chat: row() });
    expect(screen.getByTestId("silent").textContent).toContain("No admin has been heard of since");
    expect(await violations()).toEqual([]);
    await fireEvent.click(screen.getByTestId("stand"));
    expect(asked("standForAdmin")).toEqual(["standForAdmin g"]);
    await expect.poll(() => screen.queryByTestId("stand")).toBeNull();
    expect(screen.getByTestId("silent").textContent).toContain("You have asked");
  });

  it("offers members nothing they may not do", async () => {
    core.putGroup(physics({ role: "member" }));
    await store.groups.load("g");
    render(About, { store, navigation, chat: row() });
    expect(screen.queryByTestId("rename")).toBeNull();
    expect(screen.queryByTestId("add-participant")).toBeNull();
    await fireEvent.click(screen.getAllByTestId("participant-more")[0] as HTMLElement);
    await screen.findByTestId("participant-message");
    expect(screen.queryByTestId("participant-remove")).toBeNull();
  });

  it("lets admins give roles, and ask to remove, from a menu", async () => {
    render(About, { store, navigation, chat: row() });
    expect(screen.getAllByTestId("participant-more")).toHaveLength(2);
    await fireEvent.click(screen.getAllByTestId("participant-more")[0] as HTMLElement);
    await choose("participant-admin");
    await expect.poll(() => asked("setRole")).toEqual(["setRole g account-ada admin"]);
    await fireEvent.contextMenu(screen.getAllByTestId("participant")[2] as HTMLElement);
    await choose("participant-remove");
    await expect.poll(() => [navigation.layer, navigation.subject]).toEqual(["removeParticipant", "account-bo"]);
  });

  it("shows what waits, and takes it back", async () => {
    core.slow = true;
    await core.addParticipants("g", ["account-cyan"]);
    store.connection = { ...core.connectionRow, state: "offline" };
    render(About, { store, navigation, chat: row() });
    const change = await screen.findByTestId("pending-change");
    expect(change.textContent).toMatch(/Adding .*Cyan.*waiting for the connection/);
    await fireEvent.click(within(change).getByTestId("pending-cancel"));
    await expect.poll(() => screen.queryByTestId("pending-change")).toBeNull();
  });

  it("draws some of a thousand, finds any, and satisfies axe", async () => {
    const crowd = Array.from({ length: 999 }, (_, i) => participantRow({ account: `c${i}`, name: `Person ${i}` }));
    core.putGroup(physics({ participants: [me, ...crowd] }));
    await store.groups.load("g");
    render(About, { store, navigation, chat: row() });
    expect(screen.getByTestId("participants").textContent).toContain("Participants · 1,000");
    expect((await screen.findAllByTestId("participant")).length).toBeLessThan(60);
    expect(await violations()).toEqual([]);
    await fireEvent.input(screen.getByTestId("participant-find"), { target: { value: "person 777" } });
    await expect.poll(() => screen.getAllByTestId("participant").map((it) => it.dataset["account"])).toEqual(["c777"]);
  });

  it("is asked for again when it is different, and only while it is known", async () => {
    core.calls.length = 0;
    core.put({ groups: ["g", "unknown"] });
    await expect.poll(() => asked("group")).toEqual(["group g"]);
  });
});

describe("people of a group", () => {
  it("are described by what they may do, are, and how they are there", () => {
    const presence = { account: "x", state: "busy", text: "exam week", lastSeen: null } as const;
    const bare = (text: string) => text.replace(/[\u2068\u2069]/g, "");
    expect(about(bo, undefined, false, 0)).toBe("member");
    expect(bare(about(bo, presence, false, 0))).toBe("busy · “exam week”");
    expect(about({ ...bo, role: "admin" }, presence, true, 0)).toBe("admin · writing…");
    expect(about({ ...bo, state: "invited" }, undefined, false, 0)).toBe("invited");
    const helpy = participantRow({ account: "h", name: "Helpy", kind: "agent" });
    expect(bare(about(helpy, { ...presence, state: "online", text: "speaks when asked" }, false, 0))).toBe("agent · speaks when asked");
    expect(found([{ ...bo, name: "Áda" }, bo], "ada ").map(({ name }) => name)).toEqual(["Áda"]);
  });

  it("are added from contacts who are not in it yet, or by code", async () => {
    let closed = 0;
    let code = 0;
    render(AddParticipants, { store, chat: row(), onclose: () => (closed += 1), oncode: () => (code += 1) });
    await screen.findAllByTestId("pick");
    expect(screen.getAllByTestId("pick").map((box) => box.dataset["account"])).toEqual(["account-cyan"]);
    await fireEvent.click(pick("account-cyan"));
    await fireEvent.click(screen.getByTestId("add-send"));
    await expect.poll(() => closed).toBe(1);
    expect(asked("addParticipants")).toEqual(["addParticipants g account-cyan"]);
    await fireEvent.click(screen.getByTestId("add-by-code"));
    expect(code).toBe(1);
  });

  it("who are blocked are not offered", async () => {
    await core.block("account-cyan");
    render(NewGroup, { store, onclose: () => undefined, onopen: () => undefined });
    await screen.findAllByTestId("pick");
    expect(screen.getAllByTestId("pick").map((box) => box.dataset["account"])).toEqual(["account-ada", "account-bo"]);
  });

  it("are marked when they are verified, and when they are blocked", async () => {
    core.putGroup(physics({ participants: [me, { ...ada, trust: "verified" }, { ...bo, blocked: true }] }));
    await store.groups.load("g");
    render(About, { store, navigation, chat: row() });
    const [, first, second] = screen.getAllByTestId("participant");
    expect(within(first as HTMLElement).getByTestId("shield").dataset["trust"]).toBe("verified");
    expect(second?.textContent).toContain("blocked · member");
    expect(await violations()).toEqual([]);
  });

  it("are removed once one knows what it means", async () => {
    let closed = 0;
    render(RemoveParticipant, { store, chat: "g", account: "account-bo", onclose: () => (closed += 1) });
    expect(screen.getByTestId("remove-participant").textContent).toContain("reads nothing written from now on");
    await fireEvent.click(screen.getByTestId("remove-sure"));
    await expect.poll(() => closed).toBe(1);
    expect(asked("removeParticipant")).toEqual(["removeParticipant g account-bo"]);
  });
});

describe("leaving", () => {
  it("asks the only admin for a successor", async () => {
    let closed = 0;
    render(LeaveGroup, { store, chat: row(), onclose: () => (closed += 1) });
    expect(screen.getByTestId("leave-sure")).toHaveProperty("disabled", true);
    await fireEvent.click(screen.getAllByTestId("successor")[1] as HTMLElement);
    await fireEvent.click(screen.getByTestId("leave-sure"));
    await expect.poll(() => closed).toBe(1);
    expect(asked("leaveGroup")).toEqual(["leaveGroup g account-bo"]);
    expect(store.chats.get("g")?.standing).toBe("left");
  });

  it("asks nobody else", async () => {
    core.putGroup(physics({ participants: [me, { ...ada, role: "admin" }] }));
    await store.groups.load("g");
    render(LeaveGroup, { store, chat: row(), onclose: () => undefined });
    expect(screen.queryAllByTestId("successor")).toEqual([]);
    await fireEvent.click(screen.getByTestId("leave-sure"));
    await expect.poll(() => asked("leaveGroup")).toEqual(["leaveGroup g "]);
  });
});

describe("a picture", () => {
  it("is the middle of what was chosen", () => {
    expect(middle(300, 200)).toEqual({ x: 50, y: 0, side: 200 });
    expect(middle(128, 400)).toEqual({ x: 0, y: 136, side: 128 });
  });
});
