import { tick } from "svelte";
import type { VirtualizerHandle } from "virtua/svelte";
import type { Target } from "../../state/navigation.svelte.ts";
import { frames } from "./frames";
import { dayAt, newestHeard } from "./items";
import { MOST, type Timeline } from "./timeline.svelte.ts";

/** This near to the end counts as being there. */
const NEAR_END = 80;
/** This near to what is not loaded, it is loaded: before a flick gets there. */
const NEAR_EDGE = 1_200;
/** Where the divider comes to stand, from the top. */
const BELOW_TOP = 96;

/** Where in the timeline we are, and how we get elsewhere. */
export class View {
  list = $state.raw<VirtualizerHandle>();
  /** Shown once it stands where it should: not a frame of the wrong end. */
  settled = $state(false);
  atEnd = $state(true);
  pinnedDay = $state<number | null>(null);
  /** The pinned day shows while one scrolls, and fades from over the messages after. */
  scrolling = $state(false);
  /** We scroll, not the person. */
  moving = false;
  #paging = false;

  constructor(readonly timeline: Timeline) {}

  async open(): Promise<void> {
    await this.timeline.load();
    await this.#place(null);
  }

  /** Stands at `id`, else at the divider, else at the end. */
  async #place(id: string | null): Promise<void> {
    this.settled = false;
    this.timeline.shifting = false;
    await tick();
    this.moving = true;
    const { items } = this.timeline;
    const wanted = items.findIndex((item) => (id === null ? item.kind === "new" : item.key === id));
    if (wanted < 0) this.stick();
    else {
      this.atEnd = false;
      const start = { align: "start", offset: -BELOW_TOP } as const;
      this.list?.scrollToIndex(wanted, id === null ? start : { align: "center" });
    }
    // One frame to measure, one to scroll.
    await frames(2);
    this.settled = true;
    this.look();
  }

  /** Leads to `target`, loading around it when it is far; its message, null when there is none any more. */
  async show(target: Target): Promise<string | null> {
    const { epoch } = this.timeline;
    const id = await this.timeline.find(target);
    if (id === null) return null;
    if (this.timeline.epoch !== epoch || !this.settled) await this.#place(id);
    else {
      this.moving = true;
      this.list?.scrollToIndex(this.#index(id), { align: "center" });
    }
    return id;
  }

  #index(id: string): number {
    return this.timeline.items.findIndex((item) => item.key === id);
  }

  async toEnd(): Promise<void> {
    const { epoch } = this.timeline;
    await this.timeline.toNewest();
    if (this.timeline.epoch !== epoch) {
      this.timeline.divider = null;
      await this.#place(null);
    } else this.stick();
  }

  /** To the end of what is loaded. */
  stick(): void {
    this.atEnd = true;
    this.moving = true;
    this.list?.scrollToIndex(this.timeline.items.length - 1, { align: "end" });
  }

  /** Makes sure that the item stands in view; it does once this is done. */
  async reveal(id: string): Promise<void> {
    this.list?.scrollToIndex(this.#index(id), { align: "nearest" });
    await tick();
  }

  /** Looks where we are: the end, the beginning, which day, what is seen. */
  look(): void {
    const { list, timeline } = this;
    if (!list || !this.settled) return;
    const offset = list.getScrollOffset();
    const height = list.getViewportSize();
    const below = list.getScrollSize() - offset - height;
    this.atEnd = below < NEAR_END && timeline.rows.after === null;
    const top = list.findItemIndex(offset + 12);
    this.pinnedDay =
      offset > 12 && timeline.items[top]?.kind !== "day" ? dayAt(timeline.items, top) : null;
    if (timeline.attentive() && height > 0) this.#see(list, offset, height);
    if (offset < NEAR_EDGE) void this.#page("older");
    else if (below < NEAR_EDGE) void this.#page("newer");
  }

  /** What stands in view with its end, or fills the view, has been seen. */
  #see(list: VirtualizerHandle, offset: number, height: number): void {
    let bottom = list.findItemIndex(offset + height);
    const begins = list.getItemOffset(bottom);
    const hidden = begins + list.getItemSize(bottom) - (offset + height);
    if (hidden > 12 && offset + height - begins < height / 2) bottom -= 1;
    const heard = newestHeard(this.timeline.items, bottom);
    if (heard) this.timeline.see(heard);
  }

  /** Loads what comes near, and lets go of what is far, each in a frame of its own: what is in view stays. */
  async #page(end: "older" | "newer"): Promise<void> {
    const { timeline } = this;
    if (this.#paging || timeline.rows[end === "older" ? "before" : "after"] === null) return;
    this.#paging = true;
    if (end === "older") {
      await timeline.loadOlder();
      await tick();
      timeline.shifting = false;
      await frames(1);
      timeline.rows.trimNewer(MOST);
    } else {
      await timeline.loadNewer();
      await frames(1);
      timeline.shifting = true;
      timeline.rows.trimOlder(MOST);
    }
    await tick();
    timeline.shifting = false;
    // Until the list stands where it stood, its edges tell nothing.
    await frames(2);
    this.#paging = false;
    if (timeline.problem === null) this.look();
  }
}
