import { getCurrentWebview } from "@tauri-apps/api/webview";
import { writeText } from "@tauri-apps/plugin-clipboard-manager";
import { save } from "@tauri-apps/plugin-dialog";
import { commands, events } from "./bindings";
import type { Core } from "./core";
import { tauriGroups } from "./tauriGroups";
import { done, told } from "./told";

export const tauriCore: Core = {
  ...tauriGroups,
  startup: () => told(commands.startup()),
  unlock: (passphrase) => done(commands.unlock(passphrase)),
  createAccount: (name, relay) => told(commands.createAccount(name, relay)),
  chats: () => told(commands.chats()),
  messages: (chat, { before, after, limit }) =>
    told(commands.messages(chat, before ?? null, after ?? null, limit)),
  around: (id, limit) => told(commands.around(id, limit)),
  atDate: (chat, at, limit) => told(commands.atDate(chat, at, limit)),
  sendText: (chat, text, options) => told(commands.sendText(chat, text, options)),
  editMessage: (id, text, mentions) => done(commands.editMessage(id, text, mentions)),
  deleteMessage: (id) => done(commands.deleteMessage(id)),
  react: (id, emoji) => done(commands.react(id, emoji)),
  forward: (id, chats) => done(commands.forward(id, chats)),
  retryMessage: (id) => done(commands.retryMessage(id)),
  discardMessage: (id) => done(commands.discardMessage(id)),
  markRead: (chat, upTo) => done(commands.markRead(chat, upTo)),
  messageDetails: (id) => told(commands.messageDetails(id)),
  setDraft: (chat, draft) => done(commands.setDraft(chat, draft)),
  draft: (chat) => told(commands.draft(chat)),
  setTimer: (chat, seconds) => done(commands.setTimer(chat, seconds)),
  search: (query) => told(commands.search(query)),
  typing: (chat, on) => done(commands.typing(chat, on)),
  presences: () => told(commands.presences()),
  ownPresence: () => told(commands.ownPresence()),
  setPresence: (presence) => done(commands.setPresence(presence)),
  idle: (seconds) => done(commands.idle(seconds)),
  privacy: () => told(commands.privacy()),
  setPrivacy: (privacy) => done(commands.setPrivacy(privacy)),
  contactPrivacy: (account) => told(commands.contactPrivacy(account)),
  setContactPrivacy: (account, privacy) => done(commands.setContactPrivacy(account, privacy)),
  contacts: () => told(commands.contacts()),
  blocked: () => told(commands.blocked()),
  block: (account) => done(commands.block(account)),
  unblock: (account) => done(commands.unblock(account)),
  refusesStrangers: () => told(commands.refusesStrangers()),
  refuseStrangers: (refuse) => done(commands.refuseStrangers(refuse)),
  safetyNumber: (account) => told(commands.safetyNumber(account)),
  verify: (account, digits) => done(commands.verify(account, digits)),
  verifyCode: (account, code) => done(commands.verifyCode(account, code)),
  unverify: (account) => done(commands.unverify(account)),
  setPinned: (chat, on) => done(commands.setPinned(chat, on)),
  setArchived: (chat, on) => done(commands.setArchived(chat, on)),
  setMuted: (chat, on, forMs) => done(commands.setMuted(chat, on, forMs)),
  createInvitation: (wish) => told(commands.createInvitation(wish)),
  invitations: () => told(commands.invitations()),
  revokeInvitation: (id) => done(commands.revokeInvitation(id)),
  invitationQr: (id) => told(commands.invitationQr(id)),
  codeInPicture: (base64) => told(commands.codeInPicture(base64)),
  codeInFile: (path) => told(commands.codeInFile(path)),
  preview: (code) => told(commands.preview(code)),
  accept: (code, greeting) => told(commands.accept(code, greeting)),
  requests: () => told(commands.requests()),
  answerRequest: (id, accept) => done(commands.answerRequest(id, accept)),
  connection: () => told(commands.connection()),
  reconnect: () => done(commands.reconnect()),
  connectionDetails: () => told(commands.connectionDetails()),
  connectionSettings: () => told(commands.connectionSettings()),
  setConnectionSettings: (settings) => done(commands.setConnectionSettings(settings)),
  localNetwork: () => told(commands.localNetwork()),
  shareOnLocalNetwork: (on) => told(commands.shareOnLocalNetwork(on)),

  async savePicture(id, suggestedName) {
    const path = await told(
      save({ defaultPath: suggestedName, filters: [{ name: "PNG", extensions: ["png"] }] }),
    );
    if (path === null) return false;
    await told(commands.saveInvitationPicture(id, path));
    return true;
  },

  copyText: (text) => told(writeText(text)),

  onUpdate: (handler) => events.update.listen((event) => handler(event.payload)),

  onFileDrop: (handler) =>
    getCurrentWebview().onDragDropEvent(({ payload }) => {
      const path = payload.type === "drop" ? payload.paths[0] : undefined;
      if (path !== undefined) handler(path);
    }),
};
