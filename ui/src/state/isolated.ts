/** A name that can neither turn nor break the sentence it stands in. */
export function isolated(name: string): string {
  return `\u2068${name.replace(/[\u202a-\u202e\u2066-\u2069\n\r]/g, "")}\u2069`;
}
