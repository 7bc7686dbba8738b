import type { ChatRow, InvitationRow, NewInvitation, QrMatrix } from "../../core";
import { m } from "../../paraglide/messages.js";
import type { Store } from "../../state/store.svelte.ts";
import { explain } from "../../state/words";

const HOUR = 3_600_000;
const LASTS = { hour: HOUR, day: 24 * HOUR, week: 7 * 24 * HOUR, forever: null } as const;
/** How long "Copied" stands. */
const SAID_MS = 2_000;

export type Lasts = keyof typeof LASTS;
export type Kind = "once" | "many";
/** For how many a group's code works, as it is chosen. */
export const USES = ["1", "10", "100", "any"] as const;
export type Uses = (typeof USES)[number];
/** The group a code leads into. */
export type Into = { id: string; name: string };

function isOpen(row: InvitationRow): boolean {
  return row.state === "open" || row.state === "publishing";
}

/** One's own codes: which is shown, making another, taking one back. */
export class Share {
  kind = $state<Kind>("once");
  lasts = $state<Lasts>("day");
  greeting = $state("");
  uses = $state<Uses>("10");
  asks = $state(true);
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
    this.store.invitationList.filter((row) => this.#ours(row) && row.id !== this.#id),
  );

  constructor(
    readonly store: Store,
    /** Null: for meeting people. */
    readonly into: Into | null = null,
  ) {}

  /** Still of use, and for the same. */
  #ours(row: InvitationRow): boolean {
    return isOpen(row) && row.group === (this.into?.id ?? null);
  }

  /** Shows the newest code that still works, or makes the usual one: for a day, for one person, or for ten who ask. */
  async start(): Promise<void> {
    const open = this.store.invitationList.find((row) => this.#ours(row));
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
      const row = await this.#create({ expiresInMs: LASTS[this.lasts], greeting: this.greeting.trim() });
      // An update that came before the answer is newer.
      if (!this.store.invitations.has(row.id)) this.store.invitations.set(row.id, row);
      await this.show(row.id);
    });
    this.making = false;
  }

  #create(wish: Pick<NewInvitation, "expiresInMs" | "greeting">): Promise<InvitationRow> {
    const { core } = this.store;
    if (this.into === null) {
      const reusable = this.kind === "many";
      return core.createInvitation({ ...wish, reusable, uses: reusable ? null : 1, asks: reusable });
    }
    const uses = this.uses === "any" ? null : Number(this.uses);
    return core.createGroupInvitation(this.into.id, { ...wish, reusable: uses !== 1, uses, asks: this.asks });
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
