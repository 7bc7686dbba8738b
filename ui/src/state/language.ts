import { getLocale } from "../paraglide/runtime.js";

/**
 * Gives the web view a language if what it says is none: where the system has no language, WebKit calls it
 * "C", and a library that hands that to `Intl` fails.
 */
export function settleLanguage(): void {
  try {
    Intl.getCanonicalLocales(navigator.language);
  } catch {
    Object.defineProperty(navigator, "language", { value: getLocale(), configurable: true });
  }
}
