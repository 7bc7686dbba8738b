import { m } from "../../paraglide/messages.js";
import { isolated } from "../../state/people";
import { clock } from "../../state/time";
import { stateWord } from "../../state/words";
import type { Item } from "./items";

/** The most of a text that is read out as a label; the rest is in the text itself. */
const SPOKEN = 600;

/** All of a line in one sentence, for who hears it; undefined where the line's own words say it. */
export function spoken(item: Item): string | undefined {
  if (item.kind !== "message") return undefined;
  const { row } = item;
  let text = row.text.slice(0, SPOKEN);
  if (row.kind === "unknown") text = m.timeline_unknown();
  if (row.kind === "deleted") text = row.own ? m.timeline_deleted_own() : m.timeline_deleted();
  if (row.quote && !row.quote.gone) {
    const name = row.quote.own ? m.timeline_you() : isolated(row.quote.authorName);
    text = m.timeline_spoken_reply({ name, text });
  }
  if (row.editedAt !== null) text = m.timeline_spoken_edited({ text });
  const time = clock(row.at);
  if (row.own) return m.timeline_spoken_own({ time, text, state: stateWord(row.state) });
  return m.timeline_spoken({ name: row.authorName, time, text });
}
