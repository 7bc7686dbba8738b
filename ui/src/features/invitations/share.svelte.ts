import type { ChatRow, InvitationRow, QrMatrix } from "../../core";
import { m } from "../../paraglide/messages.js";
import type { Store } from "../../state/store.svelte.ts";
import { explain } from "../../state/words";

const HOUR = 3_600_000;
const LASTS = { hour: HOUR, day: 24 * HOUR, week: 7 * 24 * HOUR, forever: null } as const;
/** How long "Copied" stands. */
const SAID_MS = 2_000;

export type Lasts = keyof typeof LASTS;
export type Kind = "once" | "many";

function isOpen(row: InvitationRow): boolean {
  return row.state === "open" || row.state === "publishing";
}

/** One's own codes: which is shown, making another, taking one back. */
export class Share {
  kind = $state<Kind>("once");
  lasts = $state<Lasts>("day");
  greeting = $state("");
  /** Whether the choices for another code are open. */
  choosing = $state(false);
  making = $state(false);
  problem = $state<string | null>(null);
  qr = $state.raw<QrMatrix | null>(null);
  said = $state<"copied" | "saved" | null>(null);
  /** The code somebody is asked about before it is revoked. */
  revoking = $state<string | null>(null);
  #id = $state<string | null>(null);
  #timer: ReturnType<typeof setTimeout> | undefined;

  readonly invitation = $derived.by(() =>
    this.#id === null ? null : (this.store.invitations.get(this.#id) ?? null),
  );
  readonly others = $derived.by(() =>
    this.store.invitationList.filter((row) => isOpen(row) && row.id !== this.#id),
  );

  constructor(readonly store: Store) {}

  /** Shows the newest code that still works, or makes the usual one: for one person, for a day. */
  async start(): Promise<void> {
    const open = this.store.invitationList.find(isOpen);
    if (open) await this.show(open.id);
    else await this.make();
  }

  async show(id: string): Promise<void> {
    this.#id = id;
    this.qr = null;
    this.choosing = false;
    this.revoking = null;
    await this.#try(async () => {
      const qr = await this.store.core.invitationQr(id);
      if (this.#id === id) this.qr = qr;
    });
  }

  async make(): Promise<void> {
    if (this.making) return;
    this.making = true;
    await this.#try(async () => {
      const row = await this.store.core.createInvitation({
        reusable: this.kind === "many",
        expiresInMs: LASTS[this.lasts],
        greeting: this.greeting.trim(),
      });
      // An update that came before the answer is newer.
      if (!this.store.invitations.has(row.id)) this.store.invitations.set(row.id, row);
      await this.show(row.id);
    });
    this.making = false;
  }

  async copy(): Promise<void> {
    const link = this.invitation?.link;
    if (link === undefined) return;
    await this.#try(async () => {
      await this.store.core.copyText(link);
      this.#say("copied");
    });
  }

  async save(): Promise<void> {
    const id = this.#id;
    if (id === null) return;
    await this.#try(async () => {
      if (await this.store.core.savePicture(id, `${m.invite_file_name()}.png`)) this.#say("saved");
    });
  }

  async revoke(id: string): Promise<void> {
    this.revoking = null;
    await this.#try(() => this.store.core.revokeInvitation(id));
  }

  /** The chat that came of the shown code, by the name of who used it last. */
  chatOf(name: string): ChatRow | undefined {
    return this.store.chatList.find((chat) => chat.title === name);
  }

  #say(what: "copied" | "saved"): void {
    this.said = what;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => (this.said = null), SAID_MS);
  }

  async #try(act: () => Promise<void>): Promise<void> {
    this.problem = null;
    try {
      await act();
    } catch (error) {
      this.problem = explain(error);
    }
  }
}
