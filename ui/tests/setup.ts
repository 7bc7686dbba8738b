import { configure } from "@testing-library/svelte";
import { vi } from "vitest";

// What is awaited arrives; how soon depends on how busy the computer is.
configure({ asyncUtilTimeout: 20_000 });

// jsdom draws nothing: every box is given a size, so that lists decide what is in view as they
// do in a window 600 high with items 60 high.
class Sizes implements ResizeObserver {
  constructor(readonly tell: ResizeObserverCallback) {}
  observe(target: Element): void {
    const height = (target as HTMLElement).style.position === "absolute" ? 60 : 600;
    const contentRect = { width: 300, height } as DOMRectReadOnly;
    const entry = { target, contentRect } as ResizeObserverEntry;
    queueMicrotask(() => this.tell([entry], this));
  }
  unobserve(): void {}
  disconnect(): void {}
}
vi.stubGlobal("ResizeObserver", Sizes);
Object.defineProperty(HTMLElement.prototype, "offsetParent", {
  get(this: HTMLElement) {
    return this.parentElement;
  },
});
HTMLElement.prototype.scrollTo = () => undefined;
Element.prototype.checkVisibility = () => true;
vi.stubGlobal("matchMedia", () => ({ matches: false }));
