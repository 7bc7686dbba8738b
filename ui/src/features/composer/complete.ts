import type { Mention } from "../../core";
import { findEmoji } from "../../design/emoji";

export type Person = { account: string; name: string };

/** A word at the caret that can be completed: what it becomes is put in place of `from`…`to`. */
export type Choice = { key: string; insert: string; label: string; from: number; to: number; person: Person | null; emoji: string | null };

const MOST = 6;

/** What `:na` or `@na` before the caret can become. */
export function choices(text: string, caret: number, people: readonly Person[]): Choice[] {
  const before = text.slice(Math.max(0, caret - 40), caret);
  const match = /(?:^|[\s(])([:@])([\p{L}\p{N}_+-]*)$/u.exec(before);
  const [, sign, word] = match ?? [];
  if (sign === undefined || word === undefined) return [];
  const at = { from: caret - word.length - 1, to: caret };
  if (sign === ":") {
    if (word.length < 2) return [];
    return findEmoji(word, MOST).map(({ emoji, names }) => ({
      key: emoji,
      insert: emoji,
      label: `:${names[0] ?? ""}:`,
      person: null,
      emoji,
      ...at,
    }));
  }
  const wanted = word.toLocaleLowerCase();
  return people
    .filter(({ name }) => name.toLocaleLowerCase().split(/\s+/u).some((part) => part.startsWith(wanted)))
    .slice(0, MOST)
    .map((person) => ({ key: person.account, insert: `@${person.name} `, label: person.name, person, emoji: null, ...at }));
}

/** A name closed by its second colon becomes its emoji at once; null when the caret stands behind none. */
export function closed(text: string, caret: number): Choice | null {
  const match = /(?:^|\s):([a-z0-9_+-]{2,}):$/.exec(text.slice(Math.max(0, caret - 40), caret));
  const name = match?.[1];
  const found = name === undefined ? undefined : findEmoji(name, 1)[0];
  if (name === undefined || !found?.names.includes(name)) return null;
  const { emoji } = found;
  return { key: emoji, insert: emoji, label: name, from: caret - name.length - 2, to: caret, person: null, emoji };
}

/** Where people are mentioned in a finished text: "@" and the whole name. */
export function mentionsIn(text: string, people: readonly Person[]): Mention[] {
  const found: Mention[] = [];
  const longestFirst = [...people].sort((a, b) => b.name.length - a.name.length);
  for (const { account, name } of longestFirst) {
    const word = `@${name}`;
    for (let from = text.indexOf(word); from !== -1; from = text.indexOf(word, from + 1)) {
      const to = from + word.length;
      const taken = found.some((it) => from < it.to && it.from < to);
      if (!taken && !/[\p{L}\p{N}]/u.test(text.charAt(to))) found.push({ account, from, to });
    }
  }
  return found.sort((a, b) => a.from - b.from);
}
