import type { ChatRow, GroupChange, GroupRow, MessageRow, ParticipantRow, PresenceRow } from "./core";
import type { FakeCore } from "./fake";
import { groupRow, participantRow } from "./rows";
import { chat, message, presence, reaction, today } from "./sceneRows";

// Scenes with groups: see `scenes.ts`.

const GROUP = "physics";
const PEOPLE = { ada: "Ada Moreau", bo: "Bo Okafor", cyan: "Cyan Liu", dee: "Dee Kaur", helpy: "Helpy" } as const;
type Who = keyof typeof PEOPLE;

const me = participantRow({ account: "me", name: "Jo Reyes", role: "admin", own: true, contact: false });

function person(who: Who, rest: Partial<ParticipantRow> = {}): ParticipantRow {
  return participantRow({ account: `account-${who}`, name: PEOPLE[who], ...rest });
}

function there(who: Who, state: PresenceRow["state"], text = "", lastSeen: number | null = null): PresenceRow {
  return presence(who, state, text, lastSeen);
}

/** Said in the group by one of them, or by oneself. */
function says(who: Who | null, clock: string, text: string, rest: Partial<MessageRow> = {}): MessageRow {
  const row = message(GROUP, who && PEOPLE[who], today(clock), text, undefined, rest);
  return who === null ? row : { ...row, author: `account-${who}` };
}

function changed(who: Who | null, clock: string, ...changes: GroupChange[]): MessageRow {
  return says(who, clock, "", { kind: "notice", notice: { type: "changes", changes } });
}

function added(...who: Who[]): GroupChange[] {
  return who.map((it) => ({ type: "added", account: `account-${it}`, name: PEOPLE[it], kind: it === "helpy" ? "agent" : "user" }));
}

const removed = (who: Who): GroupChange => ({ type: "removed", account: `account-${who}`, name: PEOPLE[who] });

/** The chats of the reference picture. */
function chats(core: FakeCore): void {
  const direct = (id: Who | "hana", title: string, text: string, clock: string, days = 0, rest: Partial<ChatRow> = {}) =>
    chat(id, title, { text, own: false, state: "received", at: today(clock, days) }, 0, rest);
  const release = chat("release", "Release team", { text: "signed installers are up", own: true, state: "sent", at: today("18:00", 2) });
  core.put({
    chats: [
      direct("ada", PEOPLE.ada, "The snug, as promised.", "14:32", 0, { trust: "verified", pinned: true }),
      direct("bo", PEOPLE.bo, "See you at the lab then", "13:05"),
      direct("cyan", PEOPLE.cyan, "The relay at home is up again", "12:41"),
      { ...release, kind: "group", peer: null, participants: 4 },
      direct("dee", PEOPLE.dee, "Thanks!", "11:02"),
      direct("hana", "Hana Novak", "Thank you for the book", "18:10", 4),
    ],
  });
  core.presenceRows = [
    there("ada", "online"),
    there("bo", "busy", "exam week"),
    there("cyan", "away"),
    there("helpy", "online", "speaks when asked"),
    there("dee", "offline", "", today("11:02")),
  ];
}

function physics(rest: Partial<GroupRow> = {}): GroupRow {
  const participants = [
    me,
    person("ada", { role: "admin", trust: "verified" }),
    person("bo"),
    person("dee"),
    person("helpy", { kind: "agent", contact: false }),
    participantRow({ account: "account-eli", name: "Eli Sand", state: "invited", contact: false }),
  ];
  return groupRow({ id: GROUP, name: "Physics study group", participants, ...rest });
}

function talk(core: FakeCore): void {
  core.put({
    messages: [
      changed("ada", "14:20", { type: "founded" }, ...added("bo")),
      changed("ada", "14:21", { type: "added", account: "me", name: "Jo Reyes", kind: "user" }),
      changed("ada", "14:22", { type: "role", account: "me", name: "Jo Reyes", role: "admin" }),
      changed(null, "14:23", ...added("cyan", "dee")),
      changed("ada", "14:25", ...added("helpy")),
      says("bo", "14:26", "Why does the wheel keep its axis when I tilt it?"),
      says("bo", "14:26", "It does so every time."),
      says("helpy", "14:27", "Because torque changes the direction of the angular momentum, not its size. Try holding it at arm’s length and turning it: which way does it push?"),
      says(null, "14:28", "Sideways! 90° from where I push.", {
        id: "sideways",
        state: "delivered",
        reactions: [reaction("💡", "Ada Moreau", "Bo Okafor", "Dee Kaur"), reaction("👏", "Ada Moreau", "Bo Okafor")],
      }),
      changed("ada", "14:29", removed("cyan")),
    ],
  });
  const last = says("helpy", "14:30", "Torque is the cross product of the arm and the force, so it points along the axle’s turn. @Jo Reyes want to sketch it?", {
    mentions: [{ account: "me", from: 90, to: 99 }],
    mentionsMe: true,
  });
  core.put({ messages: [last] });
  const line = { text: last.text, own: false, state: "received", at: last.at, kind: "text", notice: null, authorName: "Helpy" } as const;
  const row = chat(GROUP, "Physics study group", { text: "", own: false, state: "received", at: last.at }, 0, { last: line });
  core.put({ chats: [{ ...row, peer: null, kind: "group" }] });
}

function group(core: FakeCore): void {
  chats(core);
  talk(core);
  core.putGroup(physics({ description: "Gyroscopes on Tuesdays, tea on Thursdays." }));
  const at = (clock: string) => today(clock);
  core.details.set("sideways", {
    sentAt: at("14:28"),
    recipients: [
      { account: "account-ada", name: PEOPLE.ada, deliveredAt: at("14:28"), readAt: at("14:28") },
      { account: "account-bo", name: PEOPLE.bo, deliveredAt: at("14:28"), readAt: at("14:29") },
      { account: "account-dee", name: PEOPLE.dee, deliveredAt: at("14:29"), readAt: null },
      { account: "account-eli", name: "Eli Sand", deliveredAt: null, readAt: null },
    ],
    edits: [],
  });
  setTimeout(() => {
    for (const who of ["ada", "bo"] as const) {
      core.tell({ type: "typing", chat: GROUP, account: `account-${who}`, name: PEOPLE[who], on: true });
    }
  }, 300);
}

/** As somebody who is no admin. */
function member(core: FakeCore): void {
  group(core);
  const row = physics({ role: "member", description: "Gyroscopes on Tuesdays, tea on Thursdays." });
  core.putGroup({ ...row, participants: row.participants.map((it) => (it.own ? { ...it, role: "member" } : it)) });
}

/** What one asked for while offline. */
function pending(core: FakeCore): void {
  group(core);
  core.connectionRow = { ...core.connectionRow, state: "offline", roundTrip: null, retryAt: Date.now() + 9_000, problem: "relayUnreachable" };
  const changes: GroupChange[] = [...added("cyan"), removed("dee"), { type: "renamed", name: "Gyroscopes" }];
  core.putGroup(physics({ pending: changes.map((change, i) => ({ id: `p${i}`, change, problem: i === 0 ? "noKeys" as const : null, at: Date.now() })) }));
}

/** Invitations to groups, as cards. */
function invited(core: FakeCore): void {
  chats(core);
  const row = { description: "", picture: null, inviter: PEOPLE.ada, inviterAccount: "account-ada", at: Date.now() - 20_000, accepted: false };
  core.put({
    groupInvitations: [
      { ...row, id: GROUP, name: "Physics study group", participants: [PEOPLE.ada, PEOPLE.bo, "Eli Sand", "Helpy"], count: 6 },
      { ...row, id: "tea", name: "Tea", description: "Where and when we have it.", participants: [PEOPLE.ada, PEOPLE.dee], count: 3 },
    ],
    requests: [
      {
        id: "finn",
        account: "finn",
        incoming: true,
        name: "Finn Aas",
        greeting: "",
        state: "waiting",
        at: Date.now() - 300_000,
        chat: null,
        group: "Physics study group",
      },
    ],
  });
}

/** After one was removed. */
function removedScene(core: FakeCore): void {
  chats(core);
  talk(core);
  core.put({ messages: [changed("ada", "14:40", { type: "removed", account: "me", name: "Jo Reyes" })] });
  const row = physics({ standing: "removed", role: "member" });
  core.putGroup({ ...row, participants: row.participants.filter(({ own }) => !own) });
}

function left(core: FakeCore): void {
  chats(core);
  talk(core);
  core.put({ messages: [changed(null, "14:40", { type: "left", account: "me", name: "Jo Reyes" })] });
  const row = physics({ standing: "left", role: "member" });
  core.putGroup({ ...row, participants: row.participants.filter(({ own }) => !own) });
}

/** A thousand people. */
function crowd(core: FakeCore): void {
  chats(core);
  talk(core);
  const others = Array.from({ length: 999 }, (_, i) =>
    participantRow({ account: `crowd-${i}`, name: `Participant ${String(i + 1).padStart(3, "0")}`, role: i < 3 ? "admin" : "member", contact: i % 9 === 0 }),
  );
  core.presenceRows = [...core.presenceRows, ...others.slice(0, 400).map(({ account }) => ({ account, state: "online" as const, text: "", lastSeen: null }))];
  const everyone: GroupChange[] = others.slice(0, 40).map(({ account, name }) => ({ type: "added", account, name, kind: "user" }));
  core.put({ messages: [changed("ada", "14:31", ...everyone)] });
  core.putGroup(physics({ name: "The whole faculty", participants: [me, ...others] }));
}

/** Names to break a window with. */
function longGroup(core: FakeCore): void {
  chats(core);
  const name = "Wilhelmina Konstantinopolitanskaja-Featherstonehaugh the Third of Lower Llanfairpwllgwyngyll";
  const word = "Rindfleischetikettierungsüberwachungsaufgabenübertragungsgesetz";
  const participants = [me, person("ada", { role: "admin", name }), person("bo", { name: `${word}${word}`, kind: "agent" }), person("cyan", { name: "Zoë \u202egnilrats" })];
  const wordy = (row: MessageRow, authorName: string): MessageRow => ({ ...row, authorName });
  core.put({
    messages: [
      wordy(changed("ada", "09:00", { type: "added", account: "x", name: `${word}${word}`, kind: "agent" }, ...added("bo", "cyan", "dee", "helpy")), name),
      wordy(changed("ada", "09:01", { type: "renamed", name: `${name} ${word}` }), name),
      wordy(says("ada", "09:02", "ok"), name),
      wordy(says("bo", "09:03", word.repeat(3)), `${word}${word}`),
      wordy(says("cyan", "09:04", "left to right still"), "Zoë \u202egnilrats"),
      wordy(changed("cyan", "09:05", { type: "left", account: "c", name: "Zoë \u202egnilrats" }), "Zoë \u202egnilrats"),
    ],
  });
  core.putGroup(physics({ name, description: `${word} ${word}\n${name}`, participants }));
  core.put({
    groupInvitations: [
      { id: "l", name, description: word.repeat(3), picture: null, inviter: name, inviterAccount: "a", participants: [name, word, name], count: 999, at: Date.now(), accepted: false },
    ],
  });
}

export const groupScenes: Record<string, (core: FakeCore) => void> = {
  group,
  member,
  pending,
  invited,
  removed: removedScene,
  left,
  crowd,
  longGroup,
};
