import { fireEvent, render, screen } from "@testing-library/svelte";
import { beforeEach, describe, expect, it } from "vitest";
import { chat, invitation, preview, request } from "../../../tests/rows";
import { FakeCore, problem } from "../../core/fake";
import { Navigation } from "../../state/navigation.svelte.ts";
import { Store } from "../../state/store.svelte.ts";
import InviteDialog from "./InviteDialog.svelte";
import { PICTURE_LIMIT } from "../../state/picture";
import { Read } from "./read.svelte.ts";
import { Share } from "./share.svelte.ts";

let core: FakeCore;
let store: Store;

beforeEach(async () => {
  core = new FakeCore();
  core.previews.set("SNUG:ADA", preview());
  store = new Store(core);
  await store.open();
});

describe("showing a code", () => {
  it("makes the usual one when there is none, and shows an open one when there is", async () => {
    const first = new Share(store);
    await first.start();
    expect(core.calls).toContain("createInvitation false 86400000 ");
    const second = new Share(store);
    await second.start();
    expect(second.invitation?.id).toBe(first.invitation?.id);
    expect(second.qr?.size).toBe(41);
  });

  it("keeps what was told of a new one before the answer came", async () => {
    const make = core.createInvitation.bind(core);
    core.createInvitation = async (wish) => ({ ...(await make(wish)), state: "publishing" });
    const share = new Share(store);
    await share.start();
    expect(share.invitation?.state).toBe("open");
  });

  it("makes another kind beside it", async () => {
    core.put({ invitations: [invitation("one")] });
    const share = new Share(store);
    await share.start();
    share.kind = "many";
    share.lasts = "forever";
    share.greeting = " Hello ";
    await share.make();
    expect(core.calls).toContain("createInvitation true  Hello");
    expect([share.invitation?.reusable, share.others.map((row) => row.id)]).toEqual([true, ["one"]]);
  });

  it("copies the link, saves the picture, and says so", async () => {
    core.put({ invitations: [invitation("one")] });
    const share = new Share(store);
    await share.start();
    await share.copy();
    expect([core.copied, share.said]).toEqual([["snug:one"], "copied"]);
    await share.save();
    expect([core.calls.at(-1), share.said]).toEqual(["savePicture one Snug invitation.png", "saved"]);
  });

  it("tells at once who connected, and leads to the chat", async () => {
    core.put({ invitations: [invitation("one")] });
    const navigation = new Navigation();
    navigation.show("invite");
    render(InviteDialog, { store, navigation });
    expect((await screen.findByTestId("invite-code-text")).dataset["code"]).toBe("SNUG:one");
    core.put({
      invitations: [invitation("one", { state: "used", usedBy: ["Bo"] })],
      chats: [chat("bo", { title: "Bo" })],
    });
    expect((await screen.findByTestId("invite-standing")).textContent).toContain("Bo connected");
    await fireEvent.click(screen.getByTestId("invite-open-chat"));
    expect([navigation.layer, navigation.chat]).toEqual([null, "bo"]);
  });
});

describe("a group's code", () => {
  it("is made for it alone, for some who ask first", async () => {
    core.put({ invitations: [invitation("one")] });
    const share = new Share(store, { id: "g", name: "Physics" });
    await share.start();
    expect(core.calls).toContain("createGroupInvitation g 10 true 86400000");
    expect([share.invitation?.group, share.others]).toEqual(["g", []]);
    share.uses = "any";
    share.asks = false;
    await share.make();
    expect(core.calls).toContain("createGroupInvitation g  false 86400000");
    const meeting = new Share(store);
    await meeting.start();
    expect([meeting.invitation?.id, meeting.others]).toEqual(["one", []]);
  });

  it("shows the group before one asks to join", async () => {
    core.previews.set("SNUG:G", preview({ code: "SNUG:G", group: { name: "Physics", participants: 6 } }));
    const navigation = new Navigation();
    navigation.show("invite");
    render(InviteDialog, { store, navigation });
    await fireEvent.click(await screen.findByTestId("tab-read"));
    await fireEvent.input(await screen.findByTestId("read-text"), { target: { value: "SNUG:G" } });
    await fireEvent.click(screen.getByTestId("read-submit"));
    expect((await screen.findByTestId("preview-name")).textContent).toBe("Physics");
    expect(screen.getByTestId("preview-group").textContent).toBe("6 participants");
    expect(screen.getByTestId("preview-connect").textContent).toContain("Ask to join");
  });
});

describe("reading a code", () => {
  it("shows who it is before anything is sent", async () => {
    const read = new Read(store);
    read.text = " SNUG:ADA ";
    await read.readText();
    expect(read.preview?.name).toBe("Ada");
    expect(core.calls.some((call) => call.startsWith("accept"))).toBe(false);
  });

  it("reads pictures by their bytes and by their path", async () => {
    const read = new Read(store);
    await read.readPicture(new Blob([new Uint8Array(70_000)]));
    expect(read.preview?.name).toBe("Ada");
    expect(core.calls).toContain(`codeInPicture ${Math.ceil(70_000 / 3) * 4}`);
    read.again();
    await read.readFile("/pictures/code.png");
    expect(read.preview?.name).toBe("Ada");
  });

  it("says in words what is wrong with it", async () => {
    const read = new Read(store);
    read.text = "hello";
    await read.readText();
    expect(read.problem).toContain("not a Snug code");
    core.refusals.set("codeInPicture", problem("noCodeInPicture"));
    await read.readPicture(new Blob(["x"]));
    expect(read.problem).toContain("sharper");
    await read.readPicture({ size: PICTURE_LIMIT + 1 } as Blob);
    expect(read.problem).toContain("very large");
  });

  it("lets only the last reading speak", async () => {
    const read = new Read(store);
    read.text = "hello";
    const first = read.readText();
    read.text = "SNUG:ADA";
    await Promise.all([first, read.readText()]);
    expect([read.problem, read.preview?.name]).toEqual([null, "Ada"]);
  });

  it("connects, waits in words, and opens the chat the moment it is there", async () => {
    const navigation = new Navigation();
    navigation.show("invite");
    render(InviteDialog, { store, navigation });
    await fireEvent.click(await screen.findByTestId("tab-read"));
    await fireEvent.input(await screen.findByTestId("read-text"), { target: { value: "SNUG:ADA" } });
    await fireEvent.click(screen.getByTestId("read-submit"));
    expect((await screen.findByTestId("preview-name")).textContent).toBe("Ada");
    await fireEvent.click(screen.getByTestId("preview-connect"));
    expect((await screen.findByTestId("preview-standing")).textContent).toContain("Waiting for Ada");
    const id = store.requestList[0]?.id ?? "";
    core.put({
      chats: [chat("ada")],
      requests: [request(id, { incoming: false, name: "Ada", state: "connected", chat: "ada" })],
    });
    await expect.poll(() => [navigation.layer, navigation.chat]).toEqual([null, "ada"]);
  });
});
