import type {
  AccountRow,
  BlockedRow,
  ChatRow,
  ConnectionDetails,
  ConnectionRow,
  ConnectionSettings,
  ContactRow,
  Draft,
  InvitationRow,
  LocalNetworkRow,
  Mention,
  MessageDetails,
  NewInvitation,
  OwnPresence,
  Page,
  PresenceRow,
  Preview,
  Privacy,
  PrivacyOverride,
  QrMatrix,
  RequestRow,
  SafetyNumber,
  SearchPage,
  SearchQuery,
  SendOptions,
  Startup,
  Update,
} from "./bindings";
import type { Groups } from "./groups";

export type * from "./bindings";

/** Stops what it was returned for. */
export type Stop = () => void;

/** A stretch of a chat: older than one cursor, newer than the other, or its newest end. */
export type PageWish = { before?: string; after?: string; limit: number };

/**
 * The messenger as the UI knows it. Every method rejects with a `Problem` and nothing else.
 * Two exist: the shell's (`tauri.ts`) and one in memory for component tests (`fake.ts`).
 */
export interface Core extends Groups {
  startup(): Promise<Startup>;
  /** Opens the data with keys under a passphrase, where the computer has no keychain. */
  unlock(passphrase: string): Promise<void>;
  /** `relay` null: the one `startup` named. */
  createAccount(name: string, relay: string | null): Promise<AccountRow>;

  chats(): Promise<ChatRow[]>;
  messages(chat: string, wish: PageWish): Promise<Page>;
  /** The message stands in the middle. */
  around(id: string, limit: number): Promise<Page>;
  atDate(chat: string, at: number, limit: number): Promise<Page>;
  /** Its id; the row itself comes as an update. */
  sendText(chat: string, text: string, options: SendOptions): Promise<string>;
  editMessage(id: string, text: string, mentions: Mention[]): Promise<void>;
  /** For everyone. */
  deleteMessage(id: string): Promise<void>;
  react(id: string, emoji: string | null): Promise<void>;
  forward(id: string, chats: string[]): Promise<void>;
  retryMessage(id: string): Promise<void>;
  discardMessage(id: string): Promise<void>;
  markRead(chat: string, upTo: string): Promise<void>;
  messageDetails(id: string): Promise<MessageDetails>;
  setDraft(chat: string, draft: Draft | null): Promise<void>;
  draft(chat: string): Promise<Draft | null>;
  setTimer(chat: string, seconds: number | null): Promise<void>;
  search(query: SearchQuery): Promise<SearchPage>;

  typing(chat: string, on: boolean): Promise<void>;
  presences(): Promise<PresenceRow[]>;
  ownPresence(): Promise<OwnPresence>;
  setPresence(presence: OwnPresence): Promise<void>;
  /** For how many seconds nobody has touched the window; 0: somebody just did. */
  idle(seconds: number): Promise<void>;
  privacy(): Promise<Privacy>;
  setPrivacy(privacy: Privacy): Promise<void>;
  contactPrivacy(account: string): Promise<PrivacyOverride>;
  setContactPrivacy(account: string, privacy: PrivacyOverride): Promise<void>;

  contacts(): Promise<ContactRow[]>;
  blocked(): Promise<BlockedRow[]>;
  block(account: string): Promise<void>;
  unblock(account: string): Promise<void>;
  refusesStrangers(): Promise<boolean>;
  refuseStrangers(refuse: boolean): Promise<void>;
  safetyNumber(account: string): Promise<SafetyNumber>;
  /** The person saw these digits on both screens. */
  verify(account: string, digits: string[]): Promise<void>;
  /** Compares with the code on the other's screen. */
  verifyCode(account: string, code: string): Promise<void>;
  unverify(account: string): Promise<void>;
  setPinned(chat: string, on: boolean): Promise<void>;
  setArchived(chat: string, on: boolean): Promise<void>;
  /** `forMs` null: without end. */
  setMuted(chat: string, on: boolean, forMs: number | null): Promise<void>;

  createInvitation(wish: NewInvitation): Promise<InvitationRow>;
  invitations(): Promise<InvitationRow[]>;
  revokeInvitation(id: string): Promise<void>;
  invitationQr(id: string): Promise<QrMatrix>;
  /** Asks the person where to; false when they changed their mind. */
  savePicture(id: string, suggestedName: string): Promise<boolean>;

  codeInPicture(base64: string): Promise<string>;
  codeInFile(path: string): Promise<string>;
  preview(code: string): Promise<Preview>;
  accept(code: string, greeting: string): Promise<RequestRow>;
  requests(): Promise<RequestRow[]>;
  answerRequest(id: string, accept: boolean): Promise<void>;

  connection(): Promise<ConnectionRow>;
  reconnect(): Promise<void>;
  connectionDetails(): Promise<ConnectionDetails>;
  connectionSettings(): Promise<ConnectionSettings>;
  setConnectionSettings(settings: ConnectionSettings): Promise<void>;
  localNetwork(): Promise<LocalNetworkRow>;
  /** How it is then; what is in the way of sharing it says, and goes on trying. */
  shareOnLocalNetwork(on: boolean): Promise<LocalNetworkRow>;

  copyText(text: string): Promise<void>;
  onUpdate(handler: (update: Update) => void): Promise<Stop>;
  /** A file dropped on the window, by its path, where the window does not give the page its bytes. */
  onFileDrop(handler: (path: string) => void): Promise<Stop>;
}
