import { FakeCore, problem } from "./fake";
import type { ChatRow, InvitationRow, MessageRow, RequestRow } from "./core";
import { groupScenes } from "./groupScenes";
import { chat, DAY, message, MINUTE, presence, reaction, today } from "./sceneRows";

// Scenes for looking at the UI without the application: `vite`, then `#scene=direct`.
// Never part of a build.

function direct(core: FakeCore): void {
  const ada = "Ada Moreau";
  const quoted = {
    id: "ada-history",
    author: "me",
    authorName: "Jo Reyes",
    own: true,
    text: "It did, history and all. 41,000 messages in under a minute.",
    gone: false,
  };
  const connected = message("ada", ada, today("06:00", 1) - MINUTE, "You and Ada are connected.");
  const yesterday: MessageRow[] = [];
  for (let i = 0; i < 90; i += 1) {
    const at = today("06:00", 1) + i * 8 * MINUTE;
    const mine = i % 3 === 1;
    yesterday.push(message("ada", mine ? null : ada, at, `Note ${i + 1} from the long afternoon${i % 4 ? "." : ", with a second thought that takes the line further than the first one did."}`));
  }
  core.put({
    messages: [
      { ...connected, kind: "notice" },
      ...yesterday,
      message("ada", ada, today("09:12"), "Morning! Did the second laptop link?"),
      message("ada", ada, today("09:12"), "It showed me the same four words as the first one, so I said yes."),
      message("ada", null, today("09:14"), "It did, history and all. 41,000 messages in under a minute.", "read", {
        id: "ada-history",
        reactions: [reaction("🎉", ada)],
      }),
      message("ada", ada, today("09:20"), "שלום! The snug is open tonight.\nBring the small lamp, the amber one."),
      message("ada", null, today("09:22"), "Will do 🎉", "read"),
      { ...message("ada", ada, today("14:31"), "Then I am deleting the old app tonight."), id: "ada-first-unread", quote: quoted },
      message("ada", ada, today("14:32"), "The snug, as promised."),
    ],
  });
  core.put({
    chats: [
      chat("ada", ada, { text: "The snug, as promised.", own: false, state: "received", at: today("14:32") }, 2),
      chat("bo", "Bo Okafor", { text: "See you at the lab then", own: true, state: "read", at: today("13:05") }),
      chat("cyan", "Cyan Liu", { text: "The relay at home is up again, try it when you have a minute", own: false, state: "received", at: today("12:41") }, 4),
      chat(
        "eli",
        "Eli Sand",
        { text: "Signed installers are up", own: true, state: "delivered", at: today("18:10", 3) },
        0,
        { draft: "Could you also look at the" },
      ),
      chat("hana", "Hana Novak", { text: "Thank you for the book", own: false, state: "received", at: today("18:10", 4) }),
      chat("ivo", "Ivo Brandt", { text: "On its way", own: true, state: "sent", at: today("11:02", 12) }),
    ],
    requests: [
      request("dee", true, "Dee Kaur", "We met at the robotics meetup, here is my code."),
    ],
  });
  core.presenceRows = [
    presence("ada", "online", "in the studio until 6"),
    presence("bo", "busy", "exam week"),
    presence("cyan", "away"),
    presence("hana", "offline", "", Date.now() - 3 * 3_600_000),
  ];
  core.drafts.set("eli", { text: "Could you also look at the", replyTo: null, editing: null });
}

/** Ada begins to write once the page listens. */
function typing(core: FakeCore): void {
  direct(core);
  setTimeout(() => {
    core.tell({ type: "typing", chat: "ada", account: "account-ada", name: "Ada Moreau", on: true });
  }, 300);
}

/** What somebody could write to break a window. */
function hostile(core: FakeCore): void {
  direct(core);
  const mean = "Zoë \u202e‮gnilrats";
  const marks = "\u0301\u0316\u0330\u0489".repeat(2_000);
  core.put({
    chats: [chat("mean", mean, { text: `h${marks}i`, own: false, state: "received", at: today("15:00") }, 0)],
    messages: [
      message("mean", mean, today("14:50"), "x".repeat(65_536)),
      message("mean", mean, today("14:51"), `\u202Eright to left and never back\u202E, or so they hope`),
      message("mean", null, today("14:52"), "A calm line after it", "read"),
      message("mean", mean, today("14:53"), `h${marks}i there${marks}`),
      message("mean", mean, today("14:54"), `${"\u200b\u2060\ufeff".repeat(8_000)}hidden${"\u200d".repeat(500)}`),
      message("mean", mean, today("14:55"), "line\n".repeat(3_000)),
      message("mean", null, today("14:56"), `${"🏳️‍🌈".repeat(3_000)}`, "read"),
      message("mean", mean, today("14:57"), "𒐫".repeat(600)),
      message("mean", mean, today("14:58"), "popular", "received", {
        reactions: Array.from({ length: 10_000 }, (_, i) => reaction(String.fromCodePoint(0x1f300 + (i % 500)) + i, "Ada")),
        quote: { id: "nowhere", author: "x", authorName: `${mean}${marks}`, own: false, text: "y".repeat(280), gone: false },
      }),
      message("mean", mean, today("15:00"), "the end"),
    ],
  });
}

/** A chat of many thousands. */
function many(core: FakeCore): void {
  const rows: MessageRow[] = [];
  for (let i = 0; i < 20_000; i += 1) {
    const at = today("08:00", 60) + i * 4 * MINUTE;
    rows.push(message("ada", i % 3 ? "Ada Moreau" : null, at, `Note ${i + 1}${i % 7 ? "" : ", which goes on and on for more than a line or two so that heights differ from row to row, as they do in life."}`));
  }
  core.put({ messages: rows });
  core.put({ chats: [chat("ada", "Ada Moreau", { text: "Note 20000", own: false, state: "received", at: today("14:00") })] });
}

function request(id: string, incoming: boolean, name: string, greeting: string): RequestRow {
  const at = Date.now() - 20_000;
  return { id, account: `account-${id}`, incoming, name, greeting, state: "waiting", at, chat: null, group: null };
}

function states(core: FakeCore): void {
  direct(core);
  const failed = message("ada", null, today("14:40"), "This one did not make it: the lamp is too dim to see by.", "failed");
  core.put({
    messages: [
      message("ada", null, today("14:34"), "Read", "read"),
      message("ada", null, today("14:35"), "Delivered", "delivered"),
      message("ada", null, today("14:36"), "Sent", "sent"),
      { ...message("ada", "Ada Moreau", today("14:37"), ""), kind: "unknown" },
      { ...failed, problem: "relayVersion" },
      message("ada", null, today("14:41"), "Still on its way", "sending"),
      message("ada", "Ada Moreau", today("14:42"), "Sent on from the reading group", "received", { forwarded: true }),
      message("ada", "Ada Moreau", today("14:42"), "", "received", { kind: "deleted" }),
      message("ada", "Ada Moreau", today("14:43"), "@Jo Reyes could you check @Bo Okafor’s draft?", "received", {
        mentions: [
          { account: "me", from: 0, to: 9 },
          { account: "account-bo", from: 26, to: 36 },
        ],
        mentionsMe: true,
      }),
      { ...message("ada", "Ada Moreau", today("14:43"), ""), kind: "notice", notice: { type: "timer", seconds: 3600 } },
      message("ada", null, today("14:44"), "This one will not stay", "read", {
        timer: 3600,
        expiresAt: Date.now() + 1_500_000,
        editedAt: today("14:45"),
        id: "edited",
      }),
      message("ada", null, today("14:44"), "Come at once", "delivered", { priority: "urgent", changing: true }),
      message("ada", "Ada Moreau", today("14:46"), "Everybody liked that", "received", {
        reactions: [
          reaction("💡", "Ada Moreau", "Bo Okafor", "Cyan Liu"),
          reaction("👏", "Jo Reyes", "Bo Okafor"),
          reaction("❤️", "Jo Reyes"),
        ],
        timer: 3600,
      }),
      { ...message("ada", "Ada Moreau", today("14:47"), ""), kind: "notice", notice: { type: "gap" } },
      { ...message("ada", "Ada Moreau", today("14:47"), ""), kind: "notice", notice: { type: "renewed" } },
    ],
    chats: [
      chat("ada", "Ada Moreau", { text: "Everybody liked that", own: false, state: "received", at: today("14:46") }, 3, {
        timer: 3600,
        mentions: 2,
        firstMention: "ada-first-unread",
      }),
    ],
    requests: [
      request("finn", false, "Finn Aas", ""),
      { ...request("gil", false, "Gil Roth", ""), state: "declined" },
      { ...request("una", false, "Una Kos", ""), state: "used" },
    ],
  });
}

/** A message that was changed, and who has it. */
function details(core: FakeCore): void {
  states(core);
  core.details.set("edited", {
    sentAt: today("14:44") + 200,
    recipients: [{ account: "account-ada", name: "Ada Moreau", deliveredAt: today("14:44") + 400, readAt: today("14:45") }],
    edits: [
      { text: "This one will not say", at: today("14:44") },
      { text: "This one will not stay", at: today("14:45") },
    ],
  });
}

function offline(core: FakeCore): void {
  direct(core);
  core.connectionRow = {
    ...core.connectionRow,
    state: "offline",
    roundTrip: null,
    retryAt: Date.now() + 4_000,
    problem: "relayUnreachable",
    waiting: 1,
  };
}

function long(core: FakeCore): void {
  const name = "Wilhelmina Konstantinopolitanskaja-Featherstonehaugh the Third of Lower Llanfairpwllgwyngyll";
  const word = "Rindfleischetikettierungsüberwachungsaufgabenübertragungsgesetz".repeat(4);
  core.put({
    chats: [chat("long", name, { text: word, own: true, state: "delivered", at: today("09:00") }, 1234, { firstUnread: null })],
    messages: [
      message("long", name, today("08:58"), word),
      message("long", null, today("08:59"), `${word}\n\nand then a short line`, "delivered"),
      message("long", name, today("09:00"), "ok"),
    ],
    requests: [request("dee", true, name, word)],
  });
  core.account = { id: "me", name, fingerprint: "4821 0937 5520 1846 4821 0937 5520 1846" };
}

/** Chats that are pinned, muted, archived, verified, blocked. */
function contacts(core: FakeCore): void {
  direct(core);
  const keep = (id: string, title: string, rest: Partial<ChatRow>, unread = 0): ChatRow =>
    chat(id, title, { text: "See you at the lab then", own: false, state: "received", at: today("13:05") }, unread, rest);
  core.put({
    chats: [
      chat("ada", "Ada Moreau", { text: "The snug, as promised.", own: false, state: "received", at: today("14:32") }, 2, {
        pinned: true,
        trust: "verified",
      }),
      keep("bo", "Bo Okafor", { trust: "changed" }),
      keep("cyan", "Cyan Liu", { muted: true, mutedUntil: Date.now() + 8 * 3_600_000 }, 4),
      keep("eli", "Eli Sand", { blocked: true, trust: "verified" }),
      keep("hana", "Hana Novak with a name that goes on and on", { archived: true, muted: true }, 12),
      keep("ivo", "Ivo Brandt", { archived: true }),
    ],
    messages: [
      message("bo", "Bo Okafor", today("13:05"), "See you at the lab then"),
      { ...message("bo", "Bo Okafor", today("13:06"), ""), kind: "notice", notice: { type: "newDevice" } },
      message("eli", "Eli Sand", today("13:05"), "See you at the lab then"),
    ],
  });
  core.put({ requests: [request("una", true, "Una Kos", "")] });
  void core.block("account-una");
}

function invitations(core: FakeCore): void {
  direct(core);
  const invitation = (id: string, rest: Partial<InvitationRow>): InvitationRow => ({
    id,
    state: "open",
    reusable: false,
    group: null,
    uses: 1,
    asks: false,
    greeting: "",
    code: `SNUG:${id.toUpperCase()}8K3J9XQ2M7ZP4VTA0Q5W7ZP4`,
    link: `snug:${id}8k3j9xq2m7zp4vta0q5w7zp4m2k9x8c7v6b5n4`,
    createdAt: Date.now() - DAY,
    expiresAt: Date.now() + DAY,
    hereOnly: false,
    localOnly: false,
    usedBy: [],
    ...rest,
  });
  core.put({
    invitations: [
      invitation("one", { createdAt: Date.now() }),
      invitation("two", { reusable: true, expiresAt: null, greeting: "We met at the workshop." }),
    ],
  });
}

/** What a scene's person can read: `SNUG:ADA`, also found in any picture. */
function readable(core: FakeCore): void {
  core.previews.set("SNUG:ADA", {
    code: "SNUG:ADA",
    name: "Ada Moreau",
    greeting: "The snug is open tonight, come in.",
    expiresAt: Date.now() + DAY,
    fingerprint: "2071 5534 8890 1427",
    relay: "relay.home.lan",
    standing: "new",
    chat: null,
    group: null,
  });
  core.previews.set("SNUG:GROUP", {
    code: "SNUG:GROUP",
    name: "Ada Moreau",
    greeting: "",
    expiresAt: Date.now() + DAY,
    fingerprint: "2071 5534 8890 1427",
    relay: "relay.home.lan",
    standing: "new",
    chat: null,
    group: { name: "Physics study group", participants: 6 },
  });
}

const scenes: Record<string, (core: FakeCore) => void> = {
  direct,
  typing,
  states,
  details,
  hostile,
  many,
  offline,
  long,
  contacts,
  invitations,
  ...groupScenes,
  empty: () => undefined,
  connecting: (core) => {
    direct(core);
    core.connectionRow = { ...core.connectionRow, state: "connecting", roundTrip: null };
  },
  welcome: (core) => {
    core.account = null;
  },
  damaged: (core) => {
    core.refusals.set("startup", problem("databaseDamaged"));
  },
  busy: (core) => {
    core.refusals.set("startup", problem("databaseBusy"));
  },
};

/** The scene a hash such as `#scene=direct` names. */
export function scene(hash: string): FakeCore {
  const name = new URLSearchParams(hash.slice(1)).get("scene") ?? "direct";
  const core = new FakeCore();
  // For changing a scene by hand from the browser's console.
  Object.assign(globalThis, { core });
  readable(core);
  scenes[name]?.(core);
  return core;
}
