// How many bytes a text becomes, as services/encodings.py writes it.
const FIXED = { integer: 4, long: 8, double: 8, short: 2, float: 4, uuid: 16, null: 0 };
const encoder = new TextEncoder();

export function size(kind, text) {
  if (kind in FIXED) return FIXED[kind];
  if (kind === "hex") return Math.floor(text.replace(/[\s:]/g, "").length / 2);
  if (kind === "base64") return Math.floor(text.replace(/[\s=]/g, "").length * 3 / 4);
  return encoder.encode(text).length;
}
