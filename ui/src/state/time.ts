import { getLocale } from "../paraglide/runtime.js";

const MINUTE = 60_000;
const DAY = 86_400_000;

/** The person's own variant of our language ("en-GB"), so that the clock reads as they are used to. */
export function locale(): string {
  const ours = getLocale();
  return navigator.languages.find((tag) => tag === ours || tag.startsWith(`${ours}-`)) ?? ours;
}

const formats = new Map<string, Intl.DateTimeFormat>();

function format(at: number, options: Intl.DateTimeFormatOptions): string {
  const key = JSON.stringify(options);
  const made = formats.get(key) ?? new Intl.DateTimeFormat(locale(), options);
  formats.set(key, made);
  return made.format(at);
}

function midnight(at: number): number {
  return new Date(at).setHours(0, 0, 0, 0);
}

/** Whole calendar days from `at` to `now`; negative for the future. */
export function daysBetween(at: number, now: number): number {
  return Math.round((midnight(now) - midnight(at)) / DAY);
}

function inDays(days: number): string {
  return new Intl.RelativeTimeFormat(locale(), { numeric: "auto" }).format(days, "day");
}

function capital(text: string): string {
  return text.charAt(0).toLocaleUpperCase(locale()) + text.slice(1);
}

/** "14:32" */
export function clock(at: number): string {
  return format(at, { hour: "numeric", minute: "2-digit" });
}

/** For a row of a list: "14:32", "Fri", "3 Nov", "3 Nov 2024". */
export function short(at: number, now: number): string {
  const days = daysBetween(at, now);
  if (days <= 0) return clock(at);
  if (days < 7) return format(at, { weekday: "short" });
  const sameYear = new Date(at).getFullYear() === new Date(now).getFullYear();
  return format(at, { day: "numeric", month: "short", ...(sameYear ? {} : { year: "numeric" }) });
}

/** For a separator: "Today", "Yesterday", "Friday", "Friday, 3 November". */
export function day(at: number, now: number): string {
  const days = daysBetween(at, now);
  if (days === 0 || days === 1) return capital(inDays(-days));
  if (days > 1 && days < 7) return capital(format(at, { weekday: "long" }));
  const sameYear = new Date(at).getFullYear() === new Date(now).getFullYear();
  return format(at, {
    weekday: "long",
    day: "numeric",
    month: "long",
    ...(sameYear ? {} : { year: "numeric" }),
  });
}

/** Day and clock of something to come: "tomorrow 14:32", "3 November 14:32". */
export function until(at: number, now: number): string {
  const days = -daysBetween(at, now);
  if (days === 0) return clock(at);
  const when = days === 1 ? inDays(1) : format(at, { day: "numeric", month: "long" });
  return `${when} ${clock(at)}`;
}

/** "5 minutes ago"; null for less than a minute, which wants a word of its own. */
export function ago(at: number, now: number): string | null {
  const relative = new Intl.RelativeTimeFormat(locale(), { numeric: "auto" });
  const minutes = Math.floor((now - at) / MINUTE);
  if (minutes < 1) return null;
  if (minutes < 60) return relative.format(-minutes, "minute");
  if (minutes < 24 * 60) return relative.format(-Math.floor(minutes / 60), "hour");
  return relative.format(-Math.floor(minutes / (24 * 60)), "day");
}

const UNITS = [
  ["week", 604_800],
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
  ["second", 1],
] as const;

/** "4 weeks", "30 seconds": in the largest unit that fits, rounded. */
export function duration(seconds: number, unitDisplay: "long" | "narrow" = "long"): string {
  const whole = Math.max(1, Math.round(seconds));
  const [unit, size] = UNITS.find(([, length]) => whole >= length) ?? UNITS[4];
  return new Intl.NumberFormat(locale(), { style: "unit", unit, unitDisplay, maximumFractionDigits: 0 }).format(
    Math.round(whole / size),
  );
}

/** "14:32:07, Friday, 3 November 2026" */
export function exactly(at: number): string {
  return format(at, { dateStyle: "full", timeStyle: "medium" });
}

function unit(value: number, name: string, unitDisplay: "narrow" | "short" = "narrow"): string {
  return new Intl.NumberFormat(locale(), { style: "unit", unit: name, unitDisplay, maximumFractionDigits: 1 }).format(value);
}

/** "6h 12m", "41s", "120 ms": two units at most, short enough for a tile. */
export function span(ms: number): string {
  if (ms < 1_000) return unit(Math.max(0, Math.round(ms)), "millisecond", "short");
  const seconds = Math.floor(ms / 1_000);
  const [days, hours, minutes] = [Math.floor(seconds / 86_400), Math.floor(seconds / 3_600) % 24, Math.floor(seconds / 60) % 60];
  if (days > 0) return `${unit(days, "day")} ${unit(hours, "hour")}`;
  if (hours > 0) return `${unit(hours, "hour")} ${unit(minutes, "minute")}`;
  if (minutes > 0) return `${unit(minutes, "minute")} ${unit(seconds % 60, "second")}`;
  return unit(seconds, "second");
}

/** "4.8 MB" */
export function bytes(count: number): string {
  if (count < 1_000) return unit(count, "byte", "short");
  if (count < 1_000_000) return unit(count / 1_000, "kilobyte", "short");
  if (count < 1_000_000_000) return unit(count / 1_000_000, "megabyte", "short");
  return unit(count / 1_000_000_000, "gigabyte", "short");
}

export function number(count: number): string {
  return new Intl.NumberFormat(locale()).format(count);
}
