import type { RequestRow } from "../../core";
import type { Store } from "../../state/store.svelte.ts";
import { Answers } from "./answers.svelte.ts";

export { UNDO_MS } from "./answers.svelte.ts";

/** How long the end of one's own request stays in the list. */
const ENDED_SHOWN_MS = 86_400_000;

const ENDED: readonly RequestRow["state"][] = ["declined", "used", "expired", "revoked", "failed"];

/** Answers to those who want to connect, and what has become of one's own wishes. */
export class Requests extends Answers {
  constructor(readonly store: Store) {
    super((id, accept) => store.core.answerRequest(id, accept));
  }

  /** What the list shows at `now`: the open ones, and one's own that ended within a day. */
  shown(now: number): RequestRow[] {
    return this.store.requestList.filter((row) =>
      row.incoming
        ? row.state === "waiting"
        : row.state === "waiting" ||
          row.state === "sending" ||
          (ENDED.includes(row.state) && now - row.at < ENDED_SHOWN_MS),
    );
  }

  /** Takes nothing more of who asks; they are not told. */
  block(row: RequestRow): Promise<void> {
    return this.attempt(row.id, () => this.store.core.block(row.account));
  }
}
