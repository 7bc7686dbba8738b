/**
 * Whether the person is looking at this window: it has the focus. A press or a key says so too:
 * neither reaches a window without it, and not every window system reports focus.
 */
export class Attention {
  here = $state(false);

  watch(page: Window = window): () => void {
    const stop = new AbortController();
    const on = (type: string, to: () => boolean, from: EventTarget = page) =>
      from.addEventListener(type, () => (this.here = to()), {
        signal: stop.signal,
        capture: true,
        passive: true,
      });
    const visible = () => page.document.visibilityState === "visible";
    this.here = visible() && page.document.hasFocus();
    for (const type of ["focus", "pointerdown", "keydown"]) on(type, visible);
    // Focus moving inside the page also says "blur" on its way down; only the window's own counts.
    page.addEventListener("blur", (event) => event.target === page && (this.here = false), {
      signal: stop.signal,
    });
    on("visibilitychange", () => visible() && page.document.hasFocus(), page.document);
    return () => stop.abort();
  }
}
