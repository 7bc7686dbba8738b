/** The key of commands as this computer names it: Ctrl, or Cmd where that is the custom. */
export const MOD = /mac/i.test(navigator.platform) ? "⌘" : "Ctrl";
