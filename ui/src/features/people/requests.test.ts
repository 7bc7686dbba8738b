import { render, screen } from "@testing-library/svelte";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { groupInvitation, request } from "../../../tests/rows";
import { FakeCore, problem } from "../../core/fake";
import { Store } from "../../state/store.svelte.ts";
import { GroupInvitations } from "./groupInvitations.svelte.ts";
import Request from "./Request.svelte";
import { Requests, UNDO_MS } from "./requests.svelte.ts";

let core: FakeCore;
let requests: Requests;

beforeEach(async () => {
  vi.useFakeTimers();
  core = new FakeCore();
  core.put({ requests: [request("dee")] });
  const store = new Store(core);
  await store.open();
  requests = new Requests(store);
});

afterEach(() => vi.useRealTimers());

const answers = () => core.calls.filter((call) => call.startsWith("answerRequest"));

describe("answering", () => {
  it("accepts at once", async () => {
    await requests.accept("dee");
    expect(answers()).toEqual(["answerRequest dee true"]);
  });

  it("declines when the time to undo is over", () => {
    requests.decline("dee");
    vi.advanceTimersByTime(UNDO_MS - 1);
    expect(answers()).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(answers()).toEqual(["answerRequest dee false"]);
  });

  it("can be undone, and is not forgotten when the page goes", () => {
    requests.decline("dee");
    requests.undo("dee");
    requests.flush();
    expect(answers()).toEqual([]);
    requests.decline("dee");
    requests.flush();
    expect(answers()).toEqual(["answerRequest dee false"]);
  });

  it("keeps the card and says why when the core refuses", async () => {
    core.refusals.set("answerRequest", problem("diskFull"));
    await requests.accept("dee");
    expect([requests.answer("dee"), requests.problem("dee")]).toEqual([undefined, expect.stringContaining("full")]);
  });
});

describe("one's own wish to join a group", () => {
  it("names the group and who invites", () => {
    render(Request, { row: request("ada", { incoming: false, name: "Ada", group: "Physics" }), requests });
    expect(screen.getByTestId("request-own").textContent).toMatch(/Physics · Ada\s+Waiting for Ada/);
  });
});

describe("an invitation to a group", () => {
  it("is accepted at once, and declined when the time to undo is over", async () => {
    core.put({ groupInvitations: [groupInvitation("physics"), groupInvitation("tea")] });
    const invitations = new GroupInvitations(requests.store);
    expect(requests.store.groupInvitationList).toHaveLength(2);
    await invitations.accept("physics");
    invitations.decline("tea");
    expect(requests.store.groupInvitationList.map(({ id }) => id)).toEqual(["tea"]);
    await vi.advanceTimersByTimeAsync(UNDO_MS);
    expect(core.calls.filter((call) => /(accept|decline)Group/.test(call))).toEqual(["acceptGroup physics", "declineGroup tea"]);
    expect([requests.store.groupInvitationList, requests.store.chats.get("physics")?.kind]).toEqual([[], "group"]);
  });
});

describe("the list", () => {
  it("shows what waits, and one's own ends for a day", () => {
    const now = Date.now();
    core.put({
      requests: [
        request("eli", { incoming: false, at: now - 1 }),
        request("finn", { incoming: false, state: "connected", at: now - 2 }),
        request("gil", { incoming: false, state: "used", at: now - 3 }),
        request("hana", { incoming: false, state: "declined", at: now - 2 * 86_400_000 }),
        request("ivo", { state: "declined", at: now - 4 }),
      ],
    });
    expect(requests.shown(now).map((row) => row.id)).toEqual(["dee", "eli", "gil"]);
  });
});
