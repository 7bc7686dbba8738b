import type {
  AccountRow,
  ChatRow,
  ConnectionRow,
  InvitationRow,
  MessageRow,
  NewInvitation,
  Page,
  Preview,
  QrMatrix,
  RequestRow,
  Startup,
  Update,
} from "./bindings";

export type * from "./bindings";

/** Stops what it was returned for. */
export type Stop = () => void;

/**
 * The messenger as the UI knows it. Every method rejects with a `Problem` and nothing else.
 * Two exist: the shell's (`tauri.ts`) and one in memory for component tests (`fake.ts`).
 */
export interface Core {
  startup(): Promise<Startup>;
  /** Opens the data with keys under a passphrase, where the computer has no keychain. */
  unlock(passphrase: string): Promise<void>;
  /** `relay` null: the one `startup` named. */
  createAccount(name: string, relay: string | null): Promise<AccountRow>;

  chats(): Promise<ChatRow[]>;
  messages(chat: string, before: string | null, limit: number): Promise<Page>;
  sendText(chat: string, text: string): Promise<MessageRow>;
  retryMessage(id: string): Promise<void>;
  discardMessage(id: string): Promise<void>;
  markRead(chat: string, upTo: string): Promise<void>;

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

  copyText(text: string): Promise<void>;
  onUpdate(handler: (update: Update) => void): Promise<Stop>;
  /** A file dropped on the window, by its path, where the window does not give the page its bytes. */
  onFileDrop(handler: (path: string) => void): Promise<Stop>;
}
