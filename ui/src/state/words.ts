import type { MessageState, Problem, ProblemCode, RequestState } from "../core";
import { m } from "../paraglide/messages.js";

const sentences: Record<ProblemCode, () => string> = {
  codeForeign: m.problem_code_foreign,
  codeDamaged: m.problem_code_damaged,
  codeIncomplete: m.problem_code_incomplete,
  codeTooNew: m.problem_code_too_new,
  codeOther: m.problem_code_other,
  codeOwn: m.problem_code_own,
  noCodeInPicture: m.problem_no_code_in_picture,
  notAPicture: m.problem_not_a_picture,
  invitationUnknown: m.problem_invitation_unknown,
  invitationUsed: m.problem_invitation_used,
  invitationExpired: m.problem_invitation_expired,
  invitationRevoked: m.problem_invitation_revoked,
  invitationDamaged: m.problem_invitation_damaged,
  relayUnreachable: m.problem_relay_unreachable,
  relayOther: m.problem_relay_other,
  relayVersion: m.problem_relay_version,
  nameEmpty: m.problem_name_empty,
  nameTooLong: m.problem_name_too_long,
  textEmpty: m.problem_text_empty,
  textTooLong: m.problem_text_too_long,
  queueFull: m.problem_queue_full,
  tooManyBytes: m.problem_too_many_bytes,
  expired: m.problem_expired,
  unopened: m.problem_unopened,
  chatGone: m.problem_chat_gone,
  notYours: m.problem_not_yours,
  notAdmin: m.problem_not_admin,
  lastAdmin: m.problem_last_admin,
  adminsThere: m.problem_admins_there,
  notInGroup: m.problem_not_in_group,
  noKeys: m.problem_no_keys,
  groupFull: m.problem_group_full,
  proxyRefused: m.problem_proxy_refused,
  settingRefused: m.problem_setting_refused,
  diskFull: m.problem_disk_full,
  databaseDamaged: m.problem_database_damaged,
  databaseTooNew: m.problem_database_too_new,
  databaseBusy: m.problem_database_busy,
  keychainLocked: m.problem_keychain_locked,
  keychainMissing: m.problem_keychain_missing,
  passphraseWrong: m.problem_passphrase_wrong,
  oneself: m.problem_oneself,
  blocked: m.problem_blocked,
  numberOther: m.problem_number_other,
  numberDiffers: m.problem_number_differs,
  notFound: m.problem_not_found,
  broken: m.problem_broken,
};

/** What happened and what to do, in words; a code of a newer core reads as the general one. */
export function sentence(code: ProblemCode): string {
  return (sentences[code] ?? m.problem_broken)();
}

/** The same for whatever a command rejected with. */
export function explain(error: unknown): string {
  return sentence((error as Problem | null)?.code ?? "broken");
}

/** "read", "on its way" … for what is spoken and hovered. */
export function stateWord(state: MessageState): string {
  return {
    sending: m.state_sending,
    sent: m.state_sent,
    delivered: m.state_delivered,
    read: m.state_read,
    failed: m.state_failed,
    received: m.state_received,
  }[state]();
}

/** What has become of one's own wish to connect. */
export function requestWord(state: RequestState, name: string): string {
  return {
    sending: m.request_sending,
    waiting: m.request_waiting,
    connected: m.request_connected,
    declined: m.request_declined,
    used: m.request_used,
    expired: m.request_expired,
    revoked: m.request_revoked,
    failed: m.request_failed,
  }[state]({ name });
}

/** What a choice of emoji is labelled with. */
export function emojiWords() {
  return {
    search: m.emoji_search(),
    none: m.emoji_none(),
    groups: {
      smileys: m.emoji_smileys(),
      people: m.emoji_people(),
      nature: m.emoji_nature(),
      food: m.emoji_food(),
      things: m.emoji_things(),
      symbols: m.emoji_symbols(),
    },
  };
}

export function calendarWords() {
  return { earlier: m.calendar_earlier(), later: m.calendar_later() };
}
