import { locale } from "./time";
import type { Store } from "./store.svelte.ts";

/** Somebody one can add to a group. */
export type Contact = { account: string; name: string; picture: string | null };

/** For comparing as people do: "ada" finds "Áda". */
export function folded(text: string): string {
  return text.normalize("NFD").replace(/\p{M}/gu, "").toLocaleLowerCase();
}

/** Everybody one has a chat with, by name. */
export function contactsOf(store: Store): Contact[] {
  const names = new Intl.Collator(locale());
  return store.chatList
    .flatMap(({ peer, title, picture }) => (peer === null ? [] : [{ account: peer, name: title, picture }]))
    .sort((a, b) => names.compare(a.name, b.name));
}
