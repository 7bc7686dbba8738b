const TOUCHES = ["pointermove", "pointerdown", "keydown", "wheel"] as const;

/**
 * Tells when nobody has touched the window for `awayAfter` seconds, and with 0 when somebody does again.
 * `awayAfter` 0 never tells. Returns what stops it.
 */
export function watchIdle(awayAfter: number, tell: (seconds: number) => void, page: EventTarget = window): () => void {
  if (awayAfter <= 0) return () => undefined;
  const stop = new AbortController();
  let touchedAt = performance.now();
  let away = false;
  let timer = setTimeout(look, awayAfter * 1000);

  // One timer for all touches: it looks how long ago the last one was.
  function look(): void {
    const rested = performance.now() - touchedAt;
    const left = awayAfter * 1000 - rested;
    if (left > 0) timer = setTimeout(look, left);
    else {
      away = true;
      tell(Math.round(rested / 1000));
    }
  }

  function touched(): void {
    touchedAt = performance.now();
    if (!away) return;
    away = false;
    tell(0);
    timer = setTimeout(look, awayAfter * 1000);
  }

  for (const type of TOUCHES) {
    page.addEventListener(type, touched, { signal: stop.signal, capture: true, passive: true });
  }
  return () => {
    clearTimeout(timer);
    stop.abort();
  };
}
