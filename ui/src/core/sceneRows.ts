import type { ChatRow, MessageRow, MessageState, PresenceRow, Reaction } from "./core";
import { chatRow, messageRow } from "./rows";

// What scenes are made of.

export const MINUTE = 60_000;
export const DAY = 86_400_000;

/** Today at the given clock, so that a scene reads the same whenever it is drawn. */
export function today(clock: string, daysAgo = 0): number {
  const [hours = 0, minutes = 0] = clock.split(":").map(Number);
  return new Date().setHours(hours, minutes, 0, 0) - daysAgo * DAY;
}

type Last = Pick<NonNullable<ChatRow["last"]>, "text" | "own" | "state" | "at">;

export function chat(id: string, title: string, last: Last, unread = 0, rest: Partial<ChatRow> = {}): ChatRow {
  const firstUnread = unread > 0 ? `${id}-first-unread` : null;
  return chatRow({
    id,
    title,
    last: { authorName: null, ...last, kind: "text", notice: null },
    unread,
    firstUnread,
    createdAt: last.at,
    sortedAt: last.at,
    ...rest,
  });
}

let made = 0;
export function message(
  to: string,
  name: string | null,
  at: number,
  text: string,
  state?: MessageState,
  rest: Partial<MessageRow> = {},
): MessageRow {
  made += 1;
  return messageRow({
    id: `m${made}`,
    chat: to,
    author: name === null ? "me" : `account-${to}`,
    authorName: name ?? "Jo Reyes",
    own: name === null,
    text,
    at,
    order: String(made).padStart(8, "0"),
    state: state ?? (name === null ? "read" : "received"),
    ...rest,
  });
}

export function reaction(emoji: string, ...names: string[]): Reaction {
  return { emoji, count: names.length, own: names.includes("Jo Reyes"), names };
}

export function presence(id: string, state: PresenceRow["state"], text = "", lastSeen: number | null = null): PresenceRow {
  return { account: `account-${id}`, state, text, lastSeen };
}
