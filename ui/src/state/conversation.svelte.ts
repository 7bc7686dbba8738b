import type { MessageRow } from "../core";

/** What timeline and composer of one open chat tell each other. */
export class Conversation {
  /** The message the next one answers. */
  replyTo = $state.raw<MessageRow | null>(null);
  /** The message being changed. */
  editing = $state.raw<MessageRow | null>(null);
  /** Set by the composer: puts the caret into it. */
  focusComposer: () => void = () => undefined;
  /** Set by the composer: takes a message's text in to change it. */
  startEdit: (row: MessageRow) => void = () => undefined;
  /** Set by the timeline: the newest message of one's own that can still be changed. */
  lastOwn: () => MessageRow | null = () => null;
  /** Set by the timeline: back to the newest, after one has sent something. */
  toEnd: () => void = () => undefined;

  constructor(readonly chat: string) {}

  reply(row: MessageRow): void {
    if (this.editing) return;
    this.replyTo = row;
    this.focusComposer();
  }

  edit(row: MessageRow): void {
    this.startEdit(row);
    this.focusComposer();
  }
}

/** Whether a message can still be answered, reacted to, forwarded. */
export function alive(row: MessageRow): boolean {
  return row.kind === "text" && row.state !== "failed" && row.state !== "sending";
}

export function editable(row: MessageRow): boolean {
  return row.own && row.kind === "text" && row.state !== "failed";
}
