import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import de from "../messages/de.json";
import en from "../messages/en.json";

const root = resolve(import.meta.dirname, "../src");

const files = readdirSync(root, { recursive: true, encoding: "utf8" })
  .map((file) => file.replaceAll("\\", "/"))
  .filter((file) => /\.(ts|svelte|css)$/.test(file) && !file.startsWith("paraglide/"));

const sources = files.map((file) => ({ file, text: readFileSync(join(root, file), "utf8") }));

/** Every import as [from, to], both below src; packages by name. */
const imports = sources.flatMap(({ file, text }) =>
  [...text.matchAll(/(?:from|import|import\()\s*"([^"]+)"/g)].map((match) => {
    const to = match[1] ?? "";
    const inside = to.startsWith(".");
    return [file, inside ? relative(root, resolve(root, dirname(file), to)).replaceAll("\\", "/") : to];
  }),
) as [string, string][];

const place = (path: string) => path.split("/")[0];
const offenders = (wrong: (from: string, to: string) => boolean) =>
  imports.filter(([from, to]) => !from.endsWith(".test.ts") && wrong(from, to)).map((pair) => pair.join(" → "));

describe("who may import whom", () => {
  it("design knows nothing of the messenger", () => {
    const foreign = ["app", "core", "features", "state", "paraglide"];
    expect(offenders((from, to) => place(from) === "design" && foreign.includes(place(to) ?? ""))).toEqual([]);
  });

  it("state and core know nothing of what is drawn", () => {
    const foreign = ["app", "features", "design"];
    expect(
      offenders((from, to) => ["core", "state"].includes(place(from) ?? "") && foreign.includes(place(to) ?? "")),
    ).toEqual([]);
  });

  it("features do not know each other, nor the application", () => {
    expect(
      offenders((from, to) => {
        if (place(from) !== "features") return false;
        if (place(to) === "app") return true;
        return place(to) === "features" && from.split("/")[1] !== to.split("/")[1];
      }),
    ).toEqual([]);
  });

  it("only core speaks to the shell", () => {
    expect(offenders((from, to) => to.startsWith("@tauri-apps/") && place(from) !== "core")).toEqual([]);
  });
});

describe("tokens", () => {
  it("are the only place that names a colour", () => {
    const named = sources
      .filter(({ file }) => file !== "design/tokens.css" && /\.(svelte|css)$/.test(file))
      .filter(({ text }) => /#[0-9a-f]{3,8}\b(?=[;\s,)])|\brgba?\(|\bhsla?\(/i.test(text.split("<style>")[1] ?? ""))
      .map(({ file }) => file);
    expect(named).toEqual([]);
  });

  it("say the same for dark by system and dark by choice", () => {
    const tokens = readFileSync(join(root, "design/tokens.css"), "utf8");
    const block = (start: string) =>
      (tokens.split(start)[1] ?? "").split("}")[0]?.split(";").map((line) => line.trim());
    expect(block(':root:not([data-theme="light"]) {')).toEqual(block(':root[data-theme="dark"] {'));
  });
});

describe("words", () => {
  it("are there in every language, and used", () => {
    expect(Object.keys(de)).toEqual(Object.keys(en));
    const all = sources.map(({ text }) => text).join("\n");
    const unused = Object.keys(en).filter((key) => key !== "$schema" && !new RegExp(`\\bm\\.${key}\\b`).test(all));
    expect(unused).toEqual([]);
  });

  it("never say session", () => {
    expect(JSON.stringify([en, de])).not.toMatch(/session|sitzung/i);
  });
});
