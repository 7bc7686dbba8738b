import { fireEvent, render, screen, waitFor } from "@testing-library/svelte";
import { beforeEach, describe, expect, it } from "vitest";
import { FakeCore, problem } from "../../core/fake";
import { Store } from "../../state/store.svelte.ts";
import LocalNetworkSwitch from "./LocalNetwork.svelte";
import { LocalNetwork } from "./localNetwork.svelte.ts";

let core: FakeCore;
let store: Store;

beforeEach(async () => {
  core = new FakeCore();
  store = new Store(core);
  await store.open();
});

describe("sharing on the local network", () => {
  it("is off, is switched on at once, and says where", async () => {
    const local = new LocalNetwork(store);
    expect([local.on, local.outcome]).toEqual([false, null]);
    const done = local.share(true);
    expect(local.on).toBe(true);
    await done;
    expect([local.on, local.outcome, store.localNetwork?.address]).toEqual([true, "reached", "192.168.1.5:7705"]);
    await local.share(false);
    expect([local.on, local.outcome]).toEqual([false, null]);
  });

  it("is as it was when it is refused", async () => {
    const local = new LocalNetwork(store);
    core.refusals.set("shareOnLocalNetwork", problem("diskFull"));
    await local.share(true);
    expect([local.on, local.problem]).toEqual([false, expect.stringContaining("disk")]);
  });

  it("follows the network", () => {
    const local = new LocalNetwork(store);
    const row = { available: true, on: true, address: null, problem: null };
    core.tell({ type: "localNetwork", row });
    expect(local.outcome).toBe("alone");
    core.tell({ type: "localNetwork", row: { ...row, problem: "no port is free" } });
    expect(local.outcome).toBe("refused");
    core.tell({ type: "localNetwork", row: { ...row, address: "10.0.0.2:7705" } });
    expect([local.outcome, store.localNetwork?.address]).toEqual(["reached", "10.0.0.2:7705"]);
  });

  it("is one switch with a sentence, and what came of it is told", async () => {
    render(LocalNetworkSwitch, { store });
    const control = screen.getByRole("switch", { name: "Share on the local network" });
    expect(control).toHaveProperty("checked", false);
    const sentence = document.getElementById(control.getAttribute("aria-describedby") ?? "");
    expect(sentence?.textContent).toContain("everyone in a network you join can see that Snug runs here");
    await fireEvent.click(control);
    await waitFor(() => expect(screen.getByRole("status").textContent).toContain("192.168.1.5:7705"));
    core.tell({ type: "localNetwork", row: { ...core.local, address: null } });
    await waitFor(() => expect(screen.getByRole("status").textContent).toContain("in no local network now"));
  });
});
