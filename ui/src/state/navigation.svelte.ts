/**
 * What lies above everything. `message` and `forward` are about a message; `verify` and `removeParticipant` about an
 * account of the open chat, `verify` being about the other of a direct one; `addParticipants`, `groupCode` and
 * `leaveGroup` about a chat.
 */
export type Layer =
  | "invite"
  | "keys"
  | "message"
  | "forward"
  | "verify"
  | "newGroup"
  | "addParticipants"
  | "groupCode"
  | "leaveGroup"
  | "removeParticipant";

export type Place = "chats" | "connection" | "settings";

/** A message to show: `at` alone when only the day is known. */
export type Target = { chat: string; message: string } | { chat: string; at: number };

/** Where the person is: which place, which chat, what stands beside it and what lies above. */
export class Navigation {
  place = $state<Place>("chats");
  chat = $state<string | null>(null);
  layer = $state<Layer | null>(null);
  /** The message, chat or account `layer` is about. */
  subject = $state<string | null>(null);
  /** Search stands where the list stood; `chat` null searches everything. */
  search = $state.raw<{ chat: string | null } | null>(null);
  /** The pane about the chat. */
  details = $state(false);
  /** What the open chat shall show; the timeline takes it. */
  target = $state.raw<Target | null>(null);

  open(chat: string): void {
    this.place = "chats";
    this.chat = chat;
  }

  goTo(target: Target): void {
    this.target = target;
    this.open(target.chat);
  }

  /** Back to the list. */
  leave(): void {
    this.place = "chats";
    this.chat = null;
  }

  go(place: Place): void {
    this.place = place;
  }

  find(chat: string | null): void {
    this.place = "chats";
    this.search = { chat };
  }

  show(layer: Layer, subject: string | null = null): void {
    this.subject = subject;
    this.layer = layer;
  }

  close(): void {
    this.layer = null;
  }

  /** The chat `steps` below (above, if negative) the open one in `order`, which is as the list shows it. */
  step(order: readonly string[], steps: number): void {
    if (order.length === 0) return;
    const at = this.chat === null ? -1 : order.indexOf(this.chat);
    const from = at === -1 && steps < 0 ? order.length : at;
    const next = order[Math.min(order.length - 1, Math.max(0, from + steps))];
    if (next !== undefined) this.open(next);
  }
}
