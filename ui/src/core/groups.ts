import type { GroupInvitationRow, GroupRow, InvitationRow, NewInvitation, Role } from "./bindings";

/** What can be done with groups. Accounts are those of contacts; every method rejects with a `Problem`. */
export interface Groups {
  /** The id of its chat. */
  createGroup(name: string, accounts: string[]): Promise<string>;
  group(chat: string): Promise<GroupRow>;
  addParticipants(chat: string, accounts: string[]): Promise<void>;
  removeParticipant(chat: string, account: string): Promise<void>;
  setRole(chat: string, account: string, role: Role): Promise<void>;
  renameGroup(chat: string, name: string): Promise<void>;
  describeGroup(chat: string, text: string): Promise<void>;
  /** An encoded picture, square and small; null for none. */
  setGroupPicture(chat: string, picture: Uint8Array | null): Promise<void>;
  /** To the relay at this URL. */
  moveGroup(chat: string, relay: string): Promise<void>;
  /** Of a group whose admins are silent (`silentSince`). */
  standForAdmin(chat: string): Promise<void>;
  /** `successor`: whom one makes an admin before. */
  leaveGroup(chat: string, successor: string | null): Promise<void>;
  /** Takes back a change that is not done yet. */
  cancelChange(chat: string, id: string): Promise<void>;
  createGroupInvitation(chat: string, wish: NewInvitation): Promise<InvitationRow>;
  groupInvitations(): Promise<GroupInvitationRow[]>;
  acceptGroup(id: string): Promise<void>;
  declineGroup(id: string): Promise<void>;
}
