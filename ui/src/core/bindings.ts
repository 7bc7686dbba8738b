// The shape of the core as the shell exports it: row types, commands and the one event.
// Types only cross this file; nothing else in the UI names a command.
import { invoke } from "@tauri-apps/api/core";
import { listen, type UnlistenFn } from "@tauri-apps/api/event";

export type AccountRow = { id: string; name: string; fingerprint: string };

export type Startup = {
  account: AccountRow | null;
  /** host:port in words people see; for the embedded relay "this computer". */
  relay: string;
  /** The relay runs inside the application. */
  embedded: boolean;
  keychain: "os" | "file" | "memory";
};

/** What every refused command rejects with. `text` is an English sentence for logs. */
export type Problem = { code: ProblemCode; text: string };

export type ProblemCode =
  | "codeForeign"
  | "codeDamaged"
  | "codeIncomplete"
  | "codeTooNew"
  | "codeOther"
  | "codeOwn"
  | "noCodeInPicture"
  | "notAPicture"
  | "invitationUnknown"
  | "invitationUsed"
  | "invitationExpired"
  | "invitationRevoked"
  | "invitationDamaged"
  | "relayUnreachable"
  | "relayOther"
  | "relayVersion"
  | "nameEmpty"
  | "nameTooLong"
  | "textEmpty"
  | "textTooLong"
  | "queueFull"
  | "diskFull"
  | "databaseDamaged"
  | "databaseTooNew"
  | "databaseBusy"
  | "keychainLocked"
  | "keychainMissing"
  | "passphraseWrong"
  | "notFound"
  | "broken";

export type ChatKind = "direct" | "group";
export type MessageState = "sending" | "sent" | "delivered" | "read" | "failed" | "received";
export type LastLine = { text: string; own: boolean; state: MessageState; at: number };

export type ChatRow = {
  id: string;
  kind: ChatKind;
  title: string;
  /** Account id. */
  peer: string | null;
  last: LastLine | null;
  unread: number;
  /** Message id. */
  firstUnread: string | null;
  createdAt: number;
  sortedAt: number;
};

export type MessageRow = {
  id: string;
  chat: string;
  /** Account id. */
  author: string;
  authorName: string;
  own: boolean;
  /** notice: a line of the timeline; unknown: written by a newer Snug. */
  kind: "text" | "unknown" | "notice";
  text: string;
  /** The author's clock, milliseconds. */
  at: number;
  /** Sort key: compare as strings; sending ones sort last. */
  order: string;
  state: MessageState;
  problem: ProblemCode | null;
};

/** `rows` oldest first; `before` is the cursor for older ones, null at the beginning. */
export type Page = { rows: MessageRow[]; before: string | null };

export type InvitationState = "publishing" | "open" | "used" | "expired" | "revoked";

export type InvitationRow = {
  id: string;
  state: InvitationState;
  reusable: boolean;
  greeting: string;
  /** SNUG:… */
  code: string;
  /** snug:… */
  link: string;
  createdAt: number;
  expiresAt: number | null;
  /** The relay is on loopback: the code works on this computer alone. */
  hereOnly: boolean;
  /** Names. */
  usedBy: string[];
};

/** `dark` is row-major, size × size, without the quiet zone. */
export type QrMatrix = { size: number; dark: boolean[] };

export type Preview = {
  code: string;
  name: string;
  greeting: string;
  expiresAt: number | null;
  fingerprint: string;
  relay: string;
  /** waiting: already asked; connected: already in a chat with them. */
  standing: "new" | "waiting" | "connected";
  chat: string | null;
};

export type RequestState =
  | "sending"
  | "waiting"
  | "connected"
  | "declined"
  | "used"
  | "expired"
  | "revoked"
  | "failed";

/** A wish to connect, either way. */
export type RequestRow = {
  id: string;
  incoming: boolean;
  name: string;
  greeting: string;
  state: RequestState;
  at: number;
  chat: string | null;
};

export type ConnectionState = "offline" | "connecting" | "connected";

export type ConnectionRow = {
  relay: string;
  embedded: boolean;
  state: ConnectionState;
  since: number;
  /** Milliseconds. */
  roundTrip: number | null;
  retryAt: number | null;
  problem: ProblemCode | null;
  /** Messages waiting to be sent. */
  waiting: number;
};

export type Gone = { kind: "chat" | "message" | "invitation" | "request"; id: string };

export type Update =
  | {
      type: "changed";
      revision: number;
      chats: ChatRow[];
      messages: MessageRow[];
      invitations: InvitationRow[];
      requests: RequestRow[];
      gone: Gone[];
    }
  | { type: "connection"; row: ConnectionRow }
  | { type: "notify"; title: string; body: string; chat: string | null }
  | { type: "resync" };

export type NewInvitation = { reusable: boolean; expiresInMs: number | null; greeting: string };

export const commands = {
  startup: () => invoke<Startup>("startup"),
  createAccount: (name: string, relay: string | null) =>
    invoke<AccountRow>("create_account", { name, relay }),
  chats: () => invoke<ChatRow[]>("chats"),
  messages: (chat: string, before: string | null, limit: number) =>
    invoke<Page>("messages", { chat, before, limit }),
  sendText: (chat: string, text: string) => invoke<MessageRow>("send_text", { chat, text }),
  retryMessage: (id: string) => invoke<null>("retry_message", { id }),
  discardMessage: (id: string) => invoke<null>("discard_message", { id }),
  markRead: (chat: string, upTo: string) => invoke<null>("mark_read", { chat, upTo }),
  createInvitation: (invitation: NewInvitation) =>
    invoke<InvitationRow>("create_invitation", { invitation }),
  invitations: () => invoke<InvitationRow[]>("invitations"),
  revokeInvitation: (id: string) => invoke<null>("revoke_invitation", { id }),
  invitationQr: (id: string) => invoke<QrMatrix>("invitation_qr", { id }),
  saveInvitationPicture: (id: string, path: string) =>
    invoke<null>("save_invitation_picture", { id, path }),
  codeInPicture: (base64: string) => invoke<string>("code_in_picture", { base64 }),
  codeInFile: (path: string) => invoke<string>("code_in_file", { path }),
  preview: (code: string) => invoke<Preview>("preview", { code }),
  accept: (code: string, greeting: string) => invoke<RequestRow>("accept", { code, greeting }),
  requests: () => invoke<RequestRow[]>("requests"),
  answerRequest: (id: string, accept: boolean) => invoke<null>("answer_request", { id, accept }),
  connection: () => invoke<ConnectionRow>("connection"),
  reconnect: () => invoke<null>("reconnect"),
};

export const events = {
  update: {
    listen: (handler: (event: { payload: Update }) => void): Promise<UnlistenFn> =>
      listen<Update>("update", handler),
  },
};
