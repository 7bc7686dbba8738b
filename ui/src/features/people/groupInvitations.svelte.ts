import type { Store } from "../../state/store.svelte.ts";
import { Answers } from "./answers.svelte.ts";

/** Answers to those who invite one to a group. */
export class GroupInvitations extends Answers {
  constructor(readonly store: Store) {
    super((id, accept) => (accept ? store.core.acceptGroup(id) : store.core.declineGroup(id)));
  }
}
