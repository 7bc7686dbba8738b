import type { Core } from "./core";
import { tauriCore } from "./tauri";

export type * from "./core";

/** The shell's core inside the application; one in memory under `vite` alone. */
export async function findCore(): Promise<Core> {
  if ("__TAURI_INTERNALS__" in window) return tauriCore;
  if (import.meta.env.DEV) {
    const { scene } = await import("./scenes");
    return scene(location.hash);
  }
  throw new Error("Snug's pages only work inside the Snug application.");
}
