export type Layer = "invite" | "keys";

/** Where the person is: which chat is open, and which layer lies above it. */
export class Navigation {
  chat = $state<string | null>(null);
  layer = $state<Layer | null>(null);

  open(chat: string): void {
    this.chat = chat;
  }

  /** Back to the list. */
  leave(): void {
    this.chat = null;
  }

  show(layer: Layer): void {
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
    this.chat = order[Math.min(order.length - 1, Math.max(0, from + steps))] ?? null;
  }
}
