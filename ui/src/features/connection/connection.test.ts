import { beforeEach, describe, expect, it } from "vitest";
import { NOON } from "../../../tests/rows";
import type { ConnectionRow } from "../../core";
import { FakeCore, problem } from "../../core/fake";
import { Store } from "../../state/store.svelte.ts";
import { Connection } from "./connection.svelte.ts";

let core: FakeCore;
let connection: Connection;

beforeEach(async () => {
  core = new FakeCore();
  const store = new Store(core);
  await store.open();
  connection = new Connection(store);
});

function told(rest: Partial<ConnectionRow>): void {
  core.tell({ type: "connection", row: { ...core.connectionRow, ...rest } });
}

describe("the connection in words", () => {
  it("is short when all is well", () => {
    expect(connection.line(NOON)).toBe("Connected · 18 ms");
    told({ state: "connecting" });
    expect(connection.line(NOON)).toBe("Connecting…");
  });

  it("says why there is none, and when it is tried again", () => {
    told({ state: "offline", problem: "relayUnreachable", retryAt: NOON + 3_200 });
    expect(connection.line(NOON)).toBe("No relay can be reached. Trying again in 4 s.");
    expect(connection.line(NOON + 5_000)).toBe("Trying again now…");
    told({ state: "offline", problem: "relayVersion", retryAt: null });
    expect(connection.line(NOON)).toContain("another version");
  });

  it("can be tried at once", async () => {
    core.refusals.set("reconnect", problem("relayUnreachable"));
    await connection.tryNow();
    expect([core.calls.at(-1), connection.trying]).toEqual(["reconnect", false]);
  });
});
