// What a frame says, as the picture needs it: pure functions of facts, nothing is drawn here.
export const ROWS_MAX = 12; // partitions that are drawn; the table has all

export const placeOf = (topic, index) => `${topic}-${index}`;

/** Partitions of people's topics, in order. */
export function partitions(frame) {
  const found = [];
  for (const topic of frame.topics) {
    if (topic.internal) continue;
    for (const part of topic.partitions) found.push({ ...part, topic: topic.name, key: placeOf(topic.name, part.index) });
  }
  return found;
}

export const producers = (frame) => frame.actors.filter((one) => one.spec.kind === "producer");
export const consumers = (frame) => frame.actors.filter((one) => one.spec.kind === "consumer");

const places = new Map(); // of who reads: whoever came first keeps place and colour, also while no broker knows it

/** Who reads: groups with their members, and each consumer without a group. */
export function readers(frame) {
  const found = new Map();
  for (const group of frame.groups) {
    found.set(group.name, { name: group.name, group, committed: group.committed, members: [], others: group.members.length });
  }
  for (const actor of consumers(frame)) {
    const name = actor.spec.group ?? `(${actor.name})`;
    if (!found.has(name)) found.set(name, { name, group: null, committed: {}, members: [], others: 0 });
    found.get(name).members.push(actor);
  }
  for (const name of [...found.keys()].sort()) if (!places.has(name)) places.set(name, places.size);
  return [...found.values()].map((one) => ({ ...one, number: places.get(one.name), kind: "ab"[places.get(one.name) % 2] })).sort((one, other) => one.number - other.number);
}

/** Where a reader stands in a partition: {offset, actor}, or null. */
export function position(reader, key) {
  for (const actor of reader.members) if (key in actor.positions) return { offset: actor.positions[key], actor };
  return null;
}

export const touches = (reader, part) => part.key in reader.committed || position(reader, part.key) !== null;

/** Records of one key look alike: one of a few tones, and the end of its name, which tells keys apart that share a tone. */
export function keyMark(key, letters) {
  let sum = 7;
  for (const letter of key) sum = (sum * 31 + letter.codePointAt(0)) % 1009;
  return { tone: sum % TONES, letters: [...key].slice(-letters).join("") };
}
const TONES = 6;

/** In which order a consumer got its last records: one stay in a partition after the other. */
export const received = (actor) => (actor.received ?? []).map(([partition, first, last], i) => `${i ? "" : "partition "}${partition}: ${first === last ? thin(first) : `${thin(first)} to ${thin(last)}`}`).join(" | ") || "nothing";

export const homeless = (actor, frame) => frame.brokers.some((one) => one.up) && !frame.topics.some((one) => one.name === actor.spec.topic);
export const full = (disk) => disk.space_bytes !== null && disk.space_bytes - disk.used_bytes < 1000;
export const stuck = (actor, frame) => actor.waiting > 3 && frame.brokers.some((one) => !one.up || full(one.disk) || one.log_dir_offline);

/** What a client has done so far. */
export const done = (actor) => (actor.spec.kind === "producer" ? `${thin(actor.made)} made` : actor.had ? `${thin(actor.had)} read` : "nothing read yet");
export const finished = (actor) => actor.spec.limit != null && actor.made >= actor.spec.limit;

const later = (us, frame) => us > frame.time.now_us;

/** How a client or a broker that is up is kept from its work for a time, or null. */
export function stalled(one, frame) {
  if (later(one.frozen_until_us, frame)) return `frozen until ${clock(one.frozen_until_us, 0)}`;
  return one.cut_until_us ? `cut off until ${clock(one.cut_until_us, 0)}` : null;
}
/** How a client is, as the table, the panel and the picture say it; "up" when there is nothing to say. */
export const stateOf = (actor, frame) => (!actor.up ? "down" : stalled(actor, frame) ?? (actor.leaving ? "closing" : finished(actor) ? "finished" : "up"));

/** Why a client cannot go on, in a sentence, and what to ask about the cause; null when nothing is in its way. */
export function trouble(actor, frame) {
  const [broker] = frame.brokers, asks = { of: "broker", name: broker.name };
  if (!actor.up) return null;
  if (later(actor.frozen_until_us, frame)) return { says: `${actor.name} is frozen until ${clock(actor.frozen_until_us)}.` };
  if (actor.cut_until_us) return { says: `${actor.name} is cut off from ${broker.name} until ${clock(actor.cut_until_us)}.` };
  if (!broker.up) return { says: `${actor.name} cannot go on: ${broker.name} is down. It tries again until the broker is back; below is why it is down.`, asks };
  if (homeless(actor, frame)) return { says: `${actor.name} cannot go on: there is no topic ${actor.spec.topic}. It asks for it again and again, and goes on as soon as it is there.` };
  if (broker.log_dir_offline) return { says: `${actor.name} cannot go on: ${broker.name} cannot use its log directory (${broker.log_dir_offline}).`, asks };
  if (actor.spec.kind === "producer" && full(broker.disk)) return { says: `${actor.name} cannot go on: the disk of ${broker.name} is full, so the broker takes no record. It tries again until there is room.`, asks };
  return null;
}

/** The class of one record under a lens. */
export function shade(lens, part, offset, reader, record) {
  if (lens === "keys") return record?.key == null ? "keyless" : `tone-${keyMark(record.key, 1).tone}`;
  if (lens === "durability") return offset < part.synced ? "synced" : "appended";
  if (lens === "delivery" && reader) {
    if (offset < (reader.committed[part.key] ?? 0)) return "fate-committed";
    if (offset < (position(reader, part.key)?.offset ?? 0)) return "fate-delivered";
    return offset < part.high_watermark ? "fate-visible" : "fate-unseen";
  }
  return offset < part.high_watermark ? "" : "unseen";
}

export const hidden = (frame) => partitions(frame).reduce((sum, part) => sum + part.end - part.high_watermark - gone(frame, part), 0);

/** How far the groups' committed offsets are behind; null while no broker is up to say. Who has no group commits nothing. */
export function lag(frame) {
  let sum = 0;
  if (!frame.brokers.some((one) => one.up)) return null;
  for (const reader of readers(frame).filter((one) => one.group)) {
    for (const part of partitions(frame)) {
      if (touches(reader, part)) sum += Math.max(0, part.high_watermark - (reader.committed[part.key] ?? part.start));
    }
  }
  return sum;
}

/** Records of a partition that went with the power: its broker is down, and its disk has nothing un-synced any more. */
export const gone = (frame, part) => (!part.leader && frame.brokers.every((one) => !one.up && !one.disk.unsynced_bytes) ? Math.max(0, part.end - part.synced) : 0);

export const many = (n, one, more = `${one}s`) => `${thin(n)} ${n === 1 ? one : more}`;

const two = (n) => String(n).padStart(2, "0");

/** Time of a world since it began: 0:04:13.0 */
export function clock(us, digits = 1) {
  const seconds = us / 1e6;
  const whole = Math.floor(seconds);
  const part = digits ? (seconds - whole).toFixed(6).slice(1, 2 + digits) : "";
  return `${Math.floor(whole / 3600)}:${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}${part}`;
}

const UNSEEN = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

/** Text as it is shown: what cannot be seen, or turns the direction, is named. */
export const plain = (text) => String(text).replace(UNSEEN, (one) => `U+${one.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}`);

/** Why something was refused, as a sentence. */
export const sentence = (words) => (words && plain(`${words[0].toUpperCase()}${words.slice(1)}.`).replace(/([.!?])\.$/, "$1"));

export const thin = (n) => String(n).replace(/\B(?=(\d{3})+$)/g, "\u202f");
const UNITS = ["B", "KB", "MB", "GB"];
/** Powers of 1024 under the names that operators use, as in the console (services/figures.py). */
export function bytes(n) {
  let unit = 0;
  while (n >= (unit ? 999.5 : 1024) && unit < 3) { n /= 1024; unit += 1; }
  return `${n >= 9.95 || !unit ? Math.round(n) : n.toFixed(1)}\u202f${UNITS[unit]}`;
}
