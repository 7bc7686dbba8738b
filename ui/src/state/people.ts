import type { ChatRow, MessageNotice, MessageRow, PresenceRow } from "../core";
import { m } from "../paraglide/messages.js";
import { ago, duration } from "./time";
import type { Typist } from "./store.svelte.ts";

/** A name that can neither turn nor break the sentence it stands in. */
export function isolated(name: string): string {
  return `\u2068${name.replace(/[\u202a-\u202e\u2066-\u2069\n\r]/g, "")}\u2069`;
}

/** "online · “in the studio”", "last seen 5 minutes ago"; null when nothing is known. */
export function presenceLine(row: PresenceRow | undefined, now: number): string | null {
  if (row === undefined) return null;
  const word = presenceWord(row, now);
  return row.text === "" ? word : `${word} · “${isolated(row.text)}”`;
}

function presenceWord({ state, lastSeen }: PresenceRow, now: number): string {
  if (state === "online") return m.presence_online();
  if (state === "away") return m.presence_away();
  if (state === "busy") return m.presence_busy();
  if (lastSeen === null) return m.presence_offline();
  const when = ago(lastSeen, now);
  return when === null ? m.presence_seen_now() : m.presence_seen({ when });
}

/** "Ada is writing…"; null when nobody is. */
export function typingLine(typists: readonly Typist[]): string | null {
  const [one, two] = typists;
  if (!one) return null;
  if (!two) return m.typing_one({ name: isolated(one.name) });
  if (typists.length === 2) return m.typing_two({ one: isolated(one.name), two: isolated(two.name) });
  return m.typing_many({ count: typists.length });
}

/** A line of the timeline that nobody wrote. */
export function noticeLine(row: MessageRow): string {
  const { notice, own } = row;
  const name = isolated(row.authorName);
  if (notice === null) return row.text;
  if (notice.type === "gap") return m.notice_gap();
  if (notice.type === "renewed") return m.notice_renewed();
  if (notice.type === "newDevice") return m.notice_new_device({ name });
  if (notice.seconds === null) return own ? m.notice_timer_off_own() : m.notice_timer_off({ name });
  const time = duration(notice.seconds);
  return own ? m.notice_timer_own({ time }) : m.notice_timer({ name, time });
}

function noticeShort(notice: MessageNotice): string {
  if (notice.type === "gap") return m.notice_gap();
  if (notice.type === "renewed") return m.notice_renewed();
  if (notice.type === "newDevice") return m.chats_row_new_device();
  if (notice.seconds === null) return m.chats_row_notice_timer_off();
  return m.chats_row_notice_timer({ time: duration(notice.seconds) });
}

/** What a list says of a chat's newest message. */
export function lastLine(last: NonNullable<ChatRow["last"]>): string {
  if (last.notice !== null) return noticeShort(last.notice);
  if (last.kind === "deleted") return m.chats_row_deleted();
  if (last.kind === "unknown") return m.timeline_unknown();
  return last.text;
}
