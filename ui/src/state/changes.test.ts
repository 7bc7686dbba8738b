import { describe, expect, it } from "vitest";
import type { GroupChange } from "../core";
import { message } from "../../tests/rows";
import { changesLine, nameList, pendingLine } from "./changes";
import { lastLine, noticeLine } from "./people";

const bare = (text: string) => text.replace(/[\u2068\u2069]/g, "");
const ada = { own: false, account: "ada", name: "Ada" };
const mine = { own: true, account: "me", name: "Jo" };
const line = (by: typeof ada, ...changes: GroupChange[]) => bare(changesLine(by, changes, "me"));
const added = (name: string, kind: "user" | "agent" = "user"): GroupChange => ({ type: "added", account: name.toLowerCase(), name, kind });
const removed = (name: string): GroupChange => ({ type: "removed", account: name.toLowerCase(), name });

describe("changes of a group", () => {
  it("name who did what to whom", () => {
    expect(line(ada, added("Helpy", "agent"))).toBe("Ada added Helpy (agent)");
    expect(line(mine, added("Bo"))).toBe("You added Bo");
    expect(line(ada, added("Me"))).toBe("Ada added you");
    expect(line(ada, added("Bo"), added("Me"))).toBe("Ada added Bo and you");
    expect(line(ada, removed("Cyan"))).toBe("Ada removed Cyan");
    expect(line(ada, removed("Me"))).toBe("Ada removed you");
    expect(line(ada, { type: "left", account: "bo", name: "Bo" })).toBe("Bo left");
    expect(line(ada, { type: "renamed", name: "Physics" })).toBe("Ada renamed the group to “Physics”");
    expect(line(mine, { type: "pictured" })).toBe("You changed the picture");
    expect(line(ada, { type: "moved", relay: "relay.example:443" })).toBe("Ada moved the group to relay.example:443");
    const elected = (account: string, name: string): GroupChange => ({ type: "elected", account, name });
    expect(line(ada, elected("ada", "Ada"))).toBe("Ada became an admin, as most of the group agreed");
    expect(line(mine, elected("me", "Jo"))).toBe("You became an admin, as most of the group agreed");
  });

  it("tell coming by code from being added", () => {
    expect(line(ada, added("Ada"))).toBe("Ada joined");
    expect(line(mine, added("Me"))).toBe("You joined");
  });

  it("are one line for a step", () => {
    expect(line(ada, { type: "founded" }, added("Bo"), added("Cyan"))).toBe("Ada made the group with Bo and Cyan");
    expect(line(mine, { type: "founded" })).toBe("You made the group");
    expect(line(ada, added("Bo"), removed("Cyan"), added("Dee"))).toBe("Ada added Bo and Dee · Ada removed Cyan");
  });

  it("say roles", () => {
    const role = (name: string, role: "admin" | "member"): GroupChange => ({ type: "role", account: name.toLowerCase(), name, role });
    expect(line(ada, role("Bo", "admin"))).toBe("Ada made Bo an admin");
    expect(line(ada, role("Me", "admin"))).toBe("Ada made you an admin");
    expect(line(ada, role("Bo", "member"))).toBe("Ada made Bo a member");
    expect(line(ada, role("Ada", "member"))).toBe("Ada is no longer an admin");
    expect(line(mine, role("Me", "member"))).toBe("You are no longer an admin");
  });

  it("name some of many, and all when asked", () => {
    const names = ["Bo", "Cyan", "Dee", "Eli", "Finn"];
    expect(nameList(names)).toBe("Bo, Cyan and 3 others");
    expect(nameList(names.slice(0, 3))).toBe("Bo, Cyan, and Dee");
    const row = message(1, { author: "ada", kind: "notice", notice: { type: "changes", changes: names.map((name) => added(name)) } });
    expect(bare(noticeLine(row, "me"))).toBe("Ada added Bo, Cyan and 3 others");
    expect(bare(noticeLine(row, "me", Infinity))).toBe("Ada added Bo, Cyan, Dee, Eli, and Finn");
  });

  it("stand in the list of chats as sentences", () => {
    const last = { text: "", own: false, authorName: "Ada", state: "received", at: 0, kind: "notice" } as const;
    expect(bare(lastLine({ ...last, notice: { type: "changes", changes: [removed("Me")] } }, "me"))).toBe("Ada removed you");
  });

  it("cannot be turned round by a name", () => {
    expect(changesLine(ada, [added("\u202eoB\u2069")], "me")).toBe("\u2068Ada\u2069 added \u2068oB\u2069");
  });

  it("are worded while they wait", () => {
    expect(bare(pendingLine(added("Bo")))).toBe("Adding Bo…");
    expect(bare(pendingLine({ type: "role", account: "bo", name: "Bo", role: "admin" }))).toBe("Making Bo an admin…");
  });
});
