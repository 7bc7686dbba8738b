import type { Mention } from "../../core";

/** What a message shows before it is opened: enough for a screen, too little to break one. */
const MOST_CHARACTERS = 1_400;
const MOST_LINES = 24;

/** Where a long text is cut, between two characters as people see them; null when all of it is shown. */
export function cutAt(text: string): number | null {
  let lines = 0;
  let at = -1;
  const end = Math.min(text.length, MOST_CHARACTERS);
  while (lines < MOST_LINES && (at = text.indexOf("\n", at + 1)) !== -1 && at < end) lines += 1;
  if (lines === MOST_LINES) return at;
  if (text.length <= MOST_CHARACTERS) return null;
  // A surrogate pair, or a mark on the letter before it, stays with its letter — up to a flood of them.
  let cut = end;
  while (cut > end - 64 && (/[\p{M}\u200d\udc00-\udfff]/u.test(text.charAt(cut)) || text.charAt(cut - 1) === "\u200d")) cut -= 1;
  return cut;
}

/** `accounts`: who is named by it; several when it names everyone. */
export type Piece = { text: string; accounts: readonly string[] };

/** A text in pieces, mentions apart. Ranges that do not fit the text are left out. */
export function pieces(text: string, mentions: readonly Mention[]): Piece[] {
  const made: Piece[] = [];
  let done = 0;
  let last: { from: number; to: number; accounts: string[] } | undefined;
  for (const { account, from, to } of [...mentions].sort((a, b) => a.from - b.from)) {
    if (last?.from === from && last.to === to) last.accounts.push(account);
    if (from < done || to <= from || to > text.length) continue;
    if (from > done) made.push({ text: text.slice(done, from), accounts: [] });
    last = { from, to, accounts: [account] };
    made.push({ text: text.slice(from, to), accounts: last.accounts });
    done = to;
  }
  if (done < text.length) made.push({ text: text.slice(done), accounts: [] });
  return made;
}
