import type { Problem } from "./bindings";
import type { Groups } from "./groups";

/** This shell has no groups yet: there are none to list, and none can be made. */
function none(): Promise<never> {
  return Promise.reject({ code: "broken", text: "This shell has no groups." } satisfies Problem);
}

export const tauriGroups: Groups = {
  createGroup: none,
  group: none,
  addParticipants: none,
  removeParticipant: none,
  setRole: none,
  renameGroup: none,
  describeGroup: none,
  setGroupPicture: none,
  leaveGroup: none,
  cancelChange: none,
  createGroupInvitation: none,
  groupInvitations: () => Promise.resolve([]),
  acceptGroup: none,
  declineGroup: none,
};
