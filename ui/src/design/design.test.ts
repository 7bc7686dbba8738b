import { describe, expect, it } from "vitest";
import { faceColour, initials } from "./face";
import { qrPath } from "./qr";

describe("faces", () => {
  it("carry the first and the last word's letter", () => {
    expect(initials("Ada Moreau")).toBe("AM");
    expect(initials("  jo  van der reyes ")).toBe("JR");
    expect(initials("bo")).toBe("B");
    expect(initials("👩‍🚀 Dee")).toBe("👩‍🚀D");
    expect(initials("")).toBe("");
  });

  it("keep their colour, and use all of them", () => {
    expect(faceColour("account-ada")).toBe(faceColour("account-ada"));
    const used = new Set(Array.from({ length: 200 }, (_, i) => faceColour(`account-${i}`)));
    expect([...used].sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });
});

describe("a code's picture", () => {
  it("joins neighbours in a row", () => {
    expect(qrPath(2, [true, true, false, true])).toBe("M0 0h2v1h-2zM1 1h1v1h-1z");
  });
});
