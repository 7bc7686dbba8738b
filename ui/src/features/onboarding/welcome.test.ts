import { fireEvent, render, screen } from "@testing-library/svelte";
import { beforeEach, describe, expect, it } from "vitest";
import { FakeCore, problem } from "../../core/fake";
import { Store } from "../../state/store.svelte.ts";
import WelcomeView from "./Welcome.svelte";
import { Welcome } from "./welcome.svelte.ts";

let core: FakeCore;
let store: Store;

beforeEach(async () => {
  core = new FakeCore();
  core.account = null;
  store = new Store(core);
  await store.open();
});

const made = () => core.calls.filter((call) => call.startsWith("createAccount"));

describe("the first page", () => {
  it("makes an account on this computer's own relay", async () => {
    render(WelcomeView, { store });
    await fireEvent.input(screen.getByTestId("welcome-name"), { target: { value: " Jo Reyes " } });
    await fireEvent.click(screen.getByTestId("welcome-start"));
    expect(made()).toEqual(["createAccount Jo Reyes "]);
    await expect.poll(() => store.phase).toBe("ready");
  });

  it("takes another relay only while its field is open", async () => {
    const welcome = new Welcome(store);
    welcome.name = "Jo";
    welcome.relay = "relay.home.lan:4433";
    welcome.choosing = true;
    await welcome.start();
    expect(made()).toEqual(["createAccount Jo relay.home.lan:4433"]);
  });

  it("puts what is wrong beside what it is about", async () => {
    const welcome = new Welcome(store);
    await welcome.start();
    expect([made(), welcome.nameProblem]).toEqual([[], "Enter a name first."]);
    welcome.name = "Jo";
    core.refusals.set("createAccount", problem("relayUnreachable"));
    await welcome.start();
    expect([welcome.nameProblem, welcome.otherProblem]).toEqual([null, expect.stringContaining("cannot be reached")]);
  });
});
