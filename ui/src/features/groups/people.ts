import type { ParticipantRow, PresenceRow } from "../../core";
import { m } from "../../paraglide/messages.js";
import { folded } from "../../state/contacts";
import { isolated, presenceLine } from "../../state/people";

/** The second line about a participant: what they may do, what they are, how they are there. */
export function about(row: ParticipantRow, presence: PresenceRow | undefined, types: boolean, now: number): string {
  const parts: string[] = [];
  if (row.blocked) parts.push(m.chats_row_blocked());
  if (row.role === "admin") parts.push(m.group_admin());
  if (row.kind === "agent") parts.push(m.group_agent());
  // An agent is there to work: what it says of itself tells more than that.
  const words = row.kind === "agent" && presence?.state === "online" && presence.text !== "" ? isolated(presence.text) : null;
  const there = row.own ? null : (words ?? presenceLine(presence, now));
  if (row.state === "invited") parts.push(m.group_invited());
  else if (types) parts.push(m.group_typing());
  else if (there !== null) parts.push(there);
  if (parts.length === 0 || (parts.length === 1 && row.blocked)) parts.push(m.group_member());
  return parts.join(" · ");
}

export function called({ name, own }: ParticipantRow): string {
  return own ? m.group_you({ name: isolated(name) }) : isolated(name);
}

/** Those whose name has `filter` in it. */
export function found(rows: readonly ParticipantRow[], filter: string): readonly ParticipantRow[] {
  const wanted = folded(filter.trim());
  return wanted === "" ? rows : rows.filter(({ name }) => folded(name).includes(wanted));
}
