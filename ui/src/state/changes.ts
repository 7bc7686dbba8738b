import type { GroupChange, ParticipantKind } from "../core";
import { m } from "../paraglide/messages.js";
import { isolated } from "./isolated";
import { locale } from "./time";

/** Who changed a group. `account` null where only the name is known. */
export type By = { own: boolean; account: string | null; name: string };

/** More people than this are "Bo, Cyan and 3 others". */
const NAMED = 3;

/** "Bo", "Bo and Cyan", "Bo, Cyan and Dee"; beyond `most`, "Bo, Cyan and 3 others". */
export function nameList(names: readonly string[], most = NAMED): string {
  if (names.length <= most) return new Intl.ListFormat(locale()).format(names);
  const shown = names.slice(0, Math.max(1, most - 1));
  return m.names_more({ names: shown.join(", "), count: names.length - shown.length });
}

function called(name: string, kind: ParticipantKind): string {
  return kind === "agent" ? m.change_agent({ name: isolated(name) }) : isolated(name);
}

type Pair = { who: string; whom: string };

/** The same said of what one did oneself, what was done to oneself, and what others did. */
function said(
  by: By,
  toMe: boolean,
  whom: string,
  words: { own: (it: Pick<Pair, "whom">) => string; me: (it: Pick<Pair, "who">) => string; other: (it: Pair) => string },
): string {
  const who = isolated(by.name);
  if (by.own) return words.own({ whom });
  return toMe ? words.me({ who }) : words.other({ who, whom });
}

function isBy(by: By, account: string, name: string): boolean {
  return by.account === null ? by.name === name : by.account === account;
}

function roleLine(by: By, change: GroupChange & { type: "role" }, me: string | null): string {
  const toMe = change.account === me;
  const whom = isolated(change.name);
  if (change.role === "admin") {
    return said(by, toMe, whom, { own: m.change_admin_own, me: m.change_admin_me, other: m.change_admin });
  }
  if (by.own && toMe) return m.change_stepped_own();
  if (isBy(by, change.account, change.name)) return m.change_stepped({ who: isolated(by.name) });
  return said(by, toMe, whom, { own: m.change_member_own, me: m.change_member_me, other: m.change_member });
}

function one(by: By, change: Exclude<GroupChange, { type: "added" | "removed" | "founded" }>, me: string | null): string {
  const { own } = by;
  const who = isolated(by.name);
  switch (change.type) {
    case "left":
      return change.account === me ? m.change_left_own() : m.change_left({ who: isolated(change.name) });
    case "role":
      return roleLine(by, change, me);
    case "renamed": {
      const name = isolated(change.name);
      return own ? m.change_renamed_own({ name }) : m.change_renamed({ who, name });
    }
    case "described":
      return own ? m.change_described_own() : m.change_described({ who });
    case "pictured":
      return own ? m.change_pictured_own() : m.change_pictured({ who });
    case "elected":
      return change.account === me ? m.change_elected_own() : m.change_elected({ who: isolated(change.name) });
    case "moved": {
      const relay = isolated(change.relay);
      return own ? m.change_moved_own({ relay }) : m.change_moved({ who, relay });
    }
  }
}

function addedNames(people: (GroupChange & { type: "added" })[], me: string | null, most: number): string {
  return nameList(people.map(({ account, name, kind }) => (account === me ? m.change_you() : called(name, kind))), most);
}

function founded(by: By, people: (GroupChange & { type: "added" })[], me: string | null, most: number): string {
  const who = isolated(by.name);
  if (people.length === 0) return by.own ? m.change_founded_own() : m.change_founded({ who });
  const whom = addedNames(people, me, most);
  return by.own ? m.change_founded_with_own({ whom }) : m.change_founded_with({ who, whom });
}

function added(by: By, people: (GroupChange & { type: "added" })[], me: string | null, most: number): string {
  const [first] = people;
  if (first && people.length === 1 && isBy(by, first.account, first.name)) {
    return by.own ? m.change_joined_own() : m.change_joined({ who: called(first.name, first.kind) });
  }
  const toMe = people.length === 1 && first?.account === me;
  return said(by, toMe, addedNames(people, me, most), { own: m.change_added_own, me: m.change_added_me, other: m.change_added });
}

function removed(by: By, people: (GroupChange & { type: "removed" })[], me: string | null, most: number): string {
  const toMe = people.length === 1 && people[0]?.account === me;
  const names = people.map(({ account, name }) => (account === me ? m.change_you() : isolated(name)));
  return said(by, toMe, nameList(names, most), { own: m.change_removed_own, me: m.change_removed_me, other: m.change_removed });
}

/** What one step changed, in one line. Of many people at once only `most` are named. */
export function changesLine(by: By, changes: readonly GroupChange[], me: string | null, most = NAMED): string {
  const arrivals = changes.filter((change) => change.type === "added");
  const removals = changes.filter((change) => change.type === "removed");
  const first = changes.some((change) => change.type === "founded");
  const parts = changes.flatMap((change) => {
    if (change.type === "founded") return founded(by, arrivals, me, most);
    if (change.type === "added") return !first && change === arrivals[0] ? added(by, arrivals, me, most) : [];
    if (change.type === "removed") return change === removals[0] ? removed(by, removals, me, most) : [];
    return one(by, change, me);
  });
  return parts.join(" · ");
}

/** A change of one's own that is not done yet. */
export function pendingLine(change: GroupChange): string {
  switch (change.type) {
    case "added":
      return m.pending_added({ whom: isolated(change.name) });
    case "removed":
      return m.pending_removed({ whom: isolated(change.name) });
    case "role": {
      const whom = isolated(change.name);
      return change.role === "admin" ? m.pending_admin({ whom }) : m.pending_member({ whom });
    }
    case "renamed":
      return m.pending_renamed({ name: isolated(change.name) });
    case "left":
      return m.pending_left();
    case "described":
      return m.pending_described();
    case "pictured":
      return m.pending_pictured();
    case "founded":
      return m.pending_founded();
    case "elected":
      return m.pending_admin({ whom: isolated(change.name) });
    case "moved":
      return m.pending_moved({ relay: isolated(change.relay) });
  }
}
