import type { Mention } from "../../core";
import { findEmoji } from "../../design/emoji";

export type Person = { account: string; name: string };

/** The word that mentions every participant of a group, as far as one message can: beyond that it is only a word. */
export type Everyone = { word: string; hint: string };
export const MENTIONS = 64;

/** A word at the caret that can be completed: what it becomes is put in place of `from`…`to`. */
export type Choice = { key: string; insert: string; label: string; from: number; to: number; person: Person | null; emoji: string | null };

const MOST = 6;

/** What `:na` or `@na` before the caret can become; `everyone` is offered last. */
export function choices(text: string, caret: number, people: readonly Person[], everyone: Everyone | null = null): Choice[] {
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
  const named: Choice[] = people
    .filter(({ name }) => name.toLocaleLowerCase().split(/\s+/u).some((part) => part.startsWith(wanted)))
    .slice(0, MOST)
    .map((person) => ({ key: person.account, insert: `@${person.name} `, label: person.name, person, emoji: null, ...at }));
  if (everyone?.word.startsWith(wanted)) {
    const all = { key: "everyone", insert: `@${everyone.word} `, label: `@${everyone.word} · ${everyone.hint}` };
    named.push({ ...all, person: null, emoji: "📣", ...at });
  }
  return named;
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

/** Where "@" and the whole word stand in a text, and nothing of `taken`. */
function places(text: string, word: string, taken: readonly Mention[]): { from: number; to: number }[] {
  const found: { from: number; to: number }[] = [];
  const whole = `@${word}`;
  for (let from = text.indexOf(whole); from !== -1; from = text.indexOf(whole, from + 1)) {
    const to = from + whole.length;
    const free = !taken.some((it) => from < it.to && it.from < to);
    if (free && !/[\p{L}\p{N}]/u.test(text.charAt(to))) found.push({ from, to });
  }
  return found;
}

/** Where people are mentioned in a finished text: "@" and the whole name, or `everyone`'s word for all of them. */
export function mentionsIn(text: string, people: readonly Person[], everyone: Everyone | null = null): Mention[] {
  const found: Mention[] = [];
  if (!text.includes("@")) return found;
  const longestFirst = [...people].sort((a, b) => b.name.length - a.name.length);
  for (const { account, name } of longestFirst) {
    for (const place of places(text, name, found)) found.push({ account, ...place });
  }
  // Once is enough: the room for mentions is small.
  const [all] = everyone === null ? [] : places(text, everyone.word, found);
  if (all && found.length + people.length <= MENTIONS) {
    for (const { account } of people) found.push({ account, ...all });
  }
  return found.sort((a, b) => a.from - b.from);
}
