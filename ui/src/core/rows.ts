import type { ChatRow, ConnectionDetails, ConnectionRow, GroupRow, MessageRow, ParticipantRow } from "./core";

// Whole rows from the few columns a test or a scene cares about.

export function chatRow(row: Partial<ChatRow> & { id: string; title: string }): ChatRow {
  return {
    kind: "direct",
    peer: `account-${row.id}`,
    picture: null,
    participants: 2,
    standing: "in",
    last: null,
    unread: 0,
    firstUnread: null,
    createdAt: 0,
    sortedAt: 0,
    draft: null,
    timer: null,
    mentions: 0,
    firstMention: null,
    pinned: false,
    archived: false,
    muted: false,
    mutedUntil: null,
    blocked: false,
    trust: "unverified",
    ...row,
  };
}

export function participantRow(row: Partial<ParticipantRow> & { account: string; name: string }): ParticipantRow {
  return { kind: "user", role: "member", state: "joined", own: false, contact: true, trust: "unverified", blocked: false, ...row };
}

export function groupRow(row: Partial<GroupRow> & { id: string; name: string }): GroupRow {
  return { description: "", picture: null, role: "admin", standing: "in", relay: "relay.example:443", silentSince: null, stands: false, participants: [], pending: [], ...row };
}

export function messageRow(
  row: Partial<MessageRow> & Pick<MessageRow, "id" | "chat" | "author" | "authorName" | "at" | "order">,
): MessageRow {
  return {
    own: false,
    kind: "text",
    text: "",
    state: "received",
    problem: null,
    quote: null,
    forwarded: false,
    editedAt: null,
    changing: false,
    reactions: [],
    mentions: [],
    mentionsMe: false,
    priority: "normal",
    timer: null,
    expiresAt: null,
    notice: null,
    ...row,
  };
}

/** A connection that has been up for six hours at `now`, with an hour of round trips. */
export function detailsOf(row: ConnectionRow, now: number): ConnectionDetails {
  const roundTrips = Array.from({ length: 120 }, (_, i) => ({
    at: now - (120 - i) * 30_000,
    ms: 18 + 7 * Math.sin(i / 5) + 6 * Math.sin(i * 1.7) + (i === 84 ? 22 : 0),
  }));
  const connected = row.state === "connected";
  return {
    row,
    others: [
      { relay: "192.168.1.9:7705", nearby: true, encrypted: true, state: "connected", roundTrip: 2, problem: null },
    ],
    transport: "webSocket",
    instead: null,
    encrypted: true,
    proxy: null,
    upSince: connected ? now - 22_320_000 : null,
    roundTrips,
    roundTripP50: 18,
    roundTripP99: 41,
    attempts: 5,
    reconnects: [
      { at: now - 22_320_000, reason: null, text: "The computer had been asleep.", after: 1_240 },
      { at: now - 40_000_000, reason: "relayUnreachable", text: "No answer for 45 s.", after: 61_000 },
    ],
    bytesIn: 4_812_331,
    bytesOut: 911_204,
    framesIn: 3_204,
    framesOut: 1_877,
    messagesIn: 893,
    messagesOut: 311,
    errors: [{ code: "relayUnreachable", count: 3 }],
    unreadable: 0,
    ignored: 2,
    queue: [],
    deliveryP50: 21,
    deliveryP99: 140,
  };
}
