import type { ChatRow, MessageNotice, MessageRow, PresenceRow } from "../core";
import { m } from "../paraglide/messages.js";
import { type By, changesLine, nameList } from "./changes";
import { isolated } from "./isolated";
import { ago, duration } from "./time";
import type { Typist } from "./store.svelte.ts";

export { isolated };

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

/** Of more it is only said that they are several. */
const TYPISTS = 3;

/** "Ada is writing…", "Ada and Bo are writing…"; null when nobody is. */
export function typingLine(typists: readonly Typist[]): string | null {
  const [one] = typists;
  if (!one) return null;
  if (typists.length === 1) return m.typing_one({ name: isolated(one.name) });
  if (typists.length > TYPISTS) return m.typing_many();
  return m.typing_some({ names: nameList(typists.map(({ name }) => isolated(name))) });
}

/** A line of the timeline that nobody wrote; `me` is one's own account. Of many people only `most` are named. */
export function noticeLine(row: MessageRow, me: string | null, most?: number): string {
  const { notice, own } = row;
  const name = isolated(row.authorName);
  if (notice === null) return row.text;
  if (notice.type === "gap") return m.notice_gap();
  if (notice.type === "renewed") return m.notice_renewed();
  if (notice.type === "newDevice") return m.notice_new_device({ name });
  if (notice.type === "changes") return changesLine(byOf(row), notice.changes, me, most);
  if (notice.seconds === null) return own ? m.notice_timer_off_own() : m.notice_timer_off({ name });
  const time = duration(notice.seconds);
  return own ? m.notice_timer_own({ time }) : m.notice_timer({ name, time });
}

function byOf({ own, author, authorName }: MessageRow): By {
  return { own, account: author, name: authorName };
}

function noticeShort(notice: Exclude<MessageNotice, { type: "changes" }>): string {
  if (notice.type === "gap") return m.notice_gap();
  if (notice.type === "renewed") return m.notice_renewed();
  if (notice.type === "newDevice") return m.chats_row_new_device();
  if (notice.seconds === null) return m.chats_row_notice_timer_off();
  return m.chats_row_notice_timer({ time: duration(notice.seconds) });
}

/** What a list says of a chat's newest message. */
export function lastLine(last: NonNullable<ChatRow["last"]>, me: string | null): string {
  if (last.notice?.type === "changes") {
    return changesLine({ own: last.own, account: null, name: last.authorName ?? "" }, last.notice.changes, me);
  }
  if (last.notice !== null) return noticeShort(last.notice);
  if (last.kind === "deleted") return m.chats_row_deleted();
  if (last.kind === "unknown") return m.timeline_unknown();
  return last.text;
}
