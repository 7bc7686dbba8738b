import { beforeEach, describe, expect, it } from "vitest";
import { FakeCore, problem } from "../../core/fake";
import { Store } from "../../state/store.svelte.ts";
import { Settings, wrongWith } from "./settings.svelte.ts";

let core: FakeCore;
let settings: Settings;

beforeEach(async () => {
  core = new FakeCore();
  settings = new Settings(new Store(core));
  await settings.load();
});

describe("privacy", () => {
  it("holds at once, and is as it was when it is refused", async () => {
    await settings.show({ typing: false });
    expect(core.shown).toEqual({ typing: false, presence: true, receipts: true });
    core.refusals.set("setPrivacy", problem("diskFull"));
    await settings.show({ receipts: false });
    expect([settings.privacy?.receipts, settings.problem]).toEqual([true, expect.stringContaining("disk")]);
  });
});

describe("the connection's numbers", () => {
  it("are checked before they can be saved", () => {
    expect(wrongWith(core.settings)).toEqual({});
    const wrong = wrongWith({ ...core.settings, heartbeat: NaN, silence: 7, longestPause: 1, shortestPause: 5_000 });
    expect(Object.keys(wrong)).toEqual(["heartbeat", "silence", "longestPause"]);
    expect(wrongWith({ ...core.settings, silence: 20 }).silence).toContain("At least 23");
  });

  it.each([
    ["127.0.0.1:9050", true],
    ["[::1]:9050", true],
    ["proxy.home.lan:3128", true],
    ["proxy.home.lan", false],
    ["http://proxy:3128", false],
    ["proxy:70000", false],
    ["", false],
  ])("know the address of a proxy: %s", (address, right) => {
    const proxy = { kind: "socks5", address, user: "", password: "" } as const;
    expect(wrongWith({ ...core.settings, proxy }).address === undefined).toBe(right);
  });

  it("are saved when they are right", async () => {
    settings.edit({ heartbeat: 5_000 });
    await settings.save();
    expect(core.settings.heartbeat).toBe(20);
    settings.edit({ heartbeat: 30 });
    settings.editProxy({ kind: "http", address: " proxy:3128 " });
    await settings.save();
    expect([core.settings.heartbeat, core.settings.proxy.address, settings.saved]).toEqual([30, "proxy:3128", true]);
  });
});
