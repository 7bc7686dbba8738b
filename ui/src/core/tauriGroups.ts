import { commands } from "./bindings";
import type { Groups } from "./groups";
import { done, told } from "./told";

export const tauriGroups: Groups = {
  createGroup: (name, accounts) => told(commands.createGroup(name, accounts)),
  group: (chat) => told(commands.group(chat)),
  addParticipants: (chat, accounts) => done(commands.addParticipants(chat, accounts)),
  removeParticipant: (chat, account) => done(commands.removeParticipant(chat, account)),
  setRole: (chat, account, role) => done(commands.setRole(chat, account, role)),
  renameGroup: (chat, name) => done(commands.renameGroup(chat, name)),
  describeGroup: (chat, text) => done(commands.describeGroup(chat, text)),
  setGroupPicture: (chat, picture) => done(commands.setGroupPicture(chat, picture && [...picture])),
  moveGroup: (chat, relay) => done(commands.moveGroup(chat, relay)),
  standForAdmin: (chat) => done(commands.standForAdmin(chat)),
  leaveGroup: (chat, successor) => done(commands.leaveGroup(chat, successor)),
  cancelChange: (chat, id) => done(commands.cancelChange(chat, id)),
  createGroupInvitation: (chat, wish) => told(commands.createGroupInvitation(chat, wish)),
  groupInvitations: () => told(commands.groupInvitations()),
  acceptGroup: (id) => done(commands.acceptGroup(id)),
  declineGroup: (id) => done(commands.declineGroup(id)),
};
