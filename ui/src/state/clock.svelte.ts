import { createSubscriber } from "svelte/reactivity";

/** The time, moving on only while something that is drawn reads it. */
export class Clock {
  readonly #read: () => void;

  constructor(everyMs: number) {
    this.#read = createSubscriber((moved) => {
      const timer = setInterval(moved, everyMs);
      return () => clearInterval(timer);
    });
  }

  get now(): number {
    this.#read();
    return Date.now();
  }
}

/** For "5 minutes ago". */
export const slow = new Clock(20_000);
/** For "in 4 s". */
export const quick = new Clock(500);
