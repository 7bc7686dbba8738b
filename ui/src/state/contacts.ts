import type { Core } from "../core";
import { locale } from "./time";

/** Somebody one can add to a group. */
export type Contact = { account: string; name: string; verified: boolean };

/** For comparing as people do: "ada" finds "Áda". */
export function folded(text: string): string {
  return text.normalize("NFD").replace(/\p{M}/gu, "").toLocaleLowerCase();
}

/** Everybody one has a chat with and has not blocked, by name. */
export async function contactsOf(core: Core): Promise<Contact[]> {
  const names = new Intl.Collator(locale());
  const all = await core.contacts();
  return all
    .filter(({ blocked }) => !blocked)
    .map(({ account, name, verified }) => ({ account, name, verified }))
    .sort((a, b) => names.compare(a.name, b.name));
}
