import { afterEach, expect, test } from "vitest";
import { settleLanguage } from "./language";

const says = (value: string) => Object.defineProperty(navigator, "language", { value, configurable: true });
const before = navigator.language;
afterEach(() => says(before));

test("a system without a language has ours", () => {
  says("C");
  settleLanguage();
  expect(new Intl.NumberFormat(navigator.language).format(1)).toBe("1");
});

test("a language is left as it is", () => {
  says("de-CH");
  settleLanguage();
  expect(navigator.language).toBe("de-CH");
});
