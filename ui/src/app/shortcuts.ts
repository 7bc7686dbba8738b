import { MOD } from "../state/keyboard";
import type { Navigation } from "../state/navigation.svelte.ts";

function mod(event: KeyboardEvent): boolean {
  return MOD === "⌘" ? event.metaKey && !event.ctrlKey : event.ctrlKey && !event.metaKey;
}

/** `key` as typed, or the place on the keyboard where a layout has no such letter. */
function is(event: KeyboardEvent, key: string, code: string): boolean {
  return event.key.toLowerCase() === key || event.code === code;
}

const REGIONS = ["rail", "list", "conversation", "details"] as const;

/** Where the focus goes within a part: what matters most there, else whatever takes it. */
const WITHIN = ["[data-composer]", "[aria-current='true']", "button, input, [tabindex='0']"];

/** Moves the focus to the next part of the window that is in sight. */
function nextRegion(page: Document, back: boolean): void {
  const regions = REGIONS.map((name) =>
    page.querySelector<HTMLElement>(`[data-region="${name}"]`),
  ).filter((region) => region !== null && region.checkVisibility());
  const at = regions.findIndex((region) => region?.contains(page.activeElement));
  const next = regions[(at + (back ? regions.length - 1 : 1) + regions.length) % regions.length];
  for (const wanted of WITHIN) {
    const inside = [...(next?.querySelectorAll<HTMLElement>(wanted) ?? [])];
    const seen = inside.find((element) => element.checkVisibility());
    if (seen) return seen.focus();
  }
}

function editable(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.matches("input, textarea, select, [contenteditable]");
}

type Act = (event: KeyboardEvent) => void;

/** What Ctrl (Cmd) with a key does; undefined where it does nothing. */
function command(event: KeyboardEvent, navigation: Navigation): Act | undefined {
  const page = document;
  if (event.altKey || !mod(event)) return undefined;
  if (event.shiftKey) {
    if (is(event, "g", "KeyG")) return () => navigation.show("newGroup");
    return is(event, "f", "KeyF") ? () => navigation.find(navigation.chat) : undefined;
  }
  if (is(event, "n", "KeyN")) return () => navigation.show("invite");
  if (is(event, "f", "KeyF")) return () => navigation.find(null);
  if (is(event, ",", "Comma")) return () => navigation.go("settings");
  if (is(event, ".", "Period")) return () => (navigation.details = !navigation.details);
  if (is(event, "k", "KeyK")) {
    return () => {
      navigation.search = null;
      navigation.go("chats");
      if (matchMedia("(max-width: 899.98px)").matches) navigation.leave();
      requestAnimationFrame(() => page.querySelector<HTMLInputElement>("[data-filter]")?.select());
    };
  }
  return undefined;
}

/** Esc closes the top layer only; true when there was one. */
function escape(navigation: Navigation): boolean {
  if (document.querySelector(":popover-open")) return false;
  if (navigation.place !== "chats") navigation.go("chats");
  else if (navigation.search) navigation.search = null;
  else if (navigation.details && navigation.chat !== null) navigation.details = false;
  else if (navigation.chat !== null) navigation.leave();
  else return false;
  return true;
}

/** The keys of the whole window. `order` gives the chats as the list shows them. */
export function onKey(
  event: KeyboardEvent,
  navigation: Navigation,
  order: () => readonly string[],
): void {
  if (event.defaultPrevented || event.isComposing) return;
  const page = document;
  const handled = () => event.preventDefault();

  if (mod(event) && !event.altKey && is(event, "/", "Slash")) {
    navigation.show("keys");
    return handled();
  }
  // A layer above keeps every other key to itself; it closes with Esc on its own.
  if (navigation.layer !== null) return;

  const act = command(event, navigation);
  if (act) {
    act(event);
    handled();
  } else if (event.altKey && !mod(event) && (event.key === "ArrowUp" || event.key === "ArrowDown")) {
    navigation.step(order(), event.key === "ArrowUp" ? -1 : 1);
    handled();
  } else if (event.key === "F6") {
    nextRegion(page, event.shiftKey);
    handled();
  } else if (event.key === "Escape") {
    escape(navigation);
  } else if (event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey) {
    // Typing anywhere writes to the open chat; a space still presses what has the focus.
    const composer = page.querySelector<HTMLElement>("[data-composer]");
    const menu = event.target instanceof Element && event.target.closest("[role='menu'], [role='dialog']");
    if (event.key !== " " && !editable(event.target) && !menu) composer?.focus();
  }
}
