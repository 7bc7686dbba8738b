import type { Problem } from "./bindings";

function isProblem(error: unknown): error is Problem {
  return typeof error === "object" && error !== null && "code" in error && "text" in error;
}

/** Whatever went wrong on the way to the core becomes a `Problem` too. */
export async function told<T>(call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    throw isProblem(error) ? error : ({ code: "broken", text: String(error) } satisfies Problem);
  }
}

export async function done(call: Promise<unknown>): Promise<void> {
  await told(call);
}
