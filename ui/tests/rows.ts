import type { ChatRow, GroupInvitationRow, InvitationRow, MessageRow, Preview, RequestRow } from "../src/core";
import { chatRow, messageRow, participantRow } from "../src/core/rows";

/** Noon of a day in November, in the computer's own zone. */
export const NOON = new Date(2026, 10, 20, 12).getTime();
export const MINUTE = 60_000;

export function chat(id: string, rest: Partial<ChatRow> = {}): ChatRow {
  return chatRow({ id, title: id, createdAt: NOON, sortedAt: NOON, ...rest });
}

/** The `n`th message of the chat, a minute after the one before. */
export function message(n: number, rest: Partial<MessageRow> = {}): MessageRow {
  return messageRow({
    id: `m${n}`,
    chat: "ada",
    author: "account-ada",
    authorName: "Ada",
    text: `text ${n}`,
    at: NOON + n * MINUTE,
    order: String(n).padStart(6, "0"),
    ...rest,
  });
}

export function messages(from: number, to: number): MessageRow[] {
  return Array.from({ length: to - from + 1 }, (_, i) => message(from + i));
}

export function invitation(id: string, rest: Partial<InvitationRow> = {}): InvitationRow {
  return {
    id,
    state: "open",
    reusable: false,
    group: null,
    uses: 1,
    asks: false,
    greeting: "",
    code: `SNUG:${id}`,
    link: `snug:${id}`,
    createdAt: NOON,
    expiresAt: null,
    hereOnly: false,
    localOnly: false,
    usedBy: [],
    ...rest,
  };
}

export function request(id: string, rest: Partial<RequestRow> = {}): RequestRow {
  return {
    id,
    account: `account-${id}`,
    incoming: true,
    name: id,
    greeting: "",
    state: "waiting",
    at: Date.now(),
    chat: null,
    group: null,
    ...rest,
  };
}

export function preview(rest: Partial<Preview> = {}): Preview {
  return {
    code: "SNUG:ADA",
    name: "Ada",
    greeting: "Come in.",
    expiresAt: null,
    fingerprint: "1111 2222",
    relay: "relay.home.lan",
    standing: "new",
    chat: null,
    group: null,
    ...rest,
  };
}

/** People of groups. */
export const me = participantRow({ account: "me", name: "Jo Reyes", role: "admin", own: true, contact: false });
export const ada = participantRow({ account: "account-ada", name: "Ada" });
export const bo = participantRow({ account: "account-bo", name: "Bo" });

export function groupInvitation(id: string, rest: Partial<GroupInvitationRow> = {}): GroupInvitationRow {
  return {
    id,
    name: id,
    description: "",
    picture: null,
    inviter: "Ada",
    inviterAccount: "account-ada",
    participants: ["Ada", "Bo"],
    count: 2,
    at: Date.now(),
    accepted: false,
    ...rest,
  };
}
