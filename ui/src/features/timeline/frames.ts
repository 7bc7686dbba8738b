/**
 * Until `count` frames have begun.
 *
 * Rows enter and leave the list's front only there: the list sets its place between frames and hears of it with the
 * next one. Before that it takes the rows that came for those in view, and draws all of them twice.
 */
export function frames(count: number): Promise<void> {
  return new Promise((done) => {
    const next = (left: number) => (left === 0 ? done() : requestAnimationFrame(() => next(left - 1)));
    next(count);
  });
}
