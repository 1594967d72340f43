// Doing something: a command, its answer, and the sentence when it was refused; how the connection goes.
import { sentence } from "./model.js";

const STEPS = { kill: 2, stop: 2, start: 2, "slow disk": 2, leap: 2, cut: 2, freeze: 2, "start client": 3 }; // events until it is seen, while time stands

export function sayer(part, ask, state) {
  function refuse(words) {
    part("refused").hidden = !words;
    part("refused-words").textContent = sentence(words);
  }
  async function doing(what, more = {}) {
    try {
      const answer = await ask(what, more);
      refuse("");
      return answer;
    } catch (refused) {
      refuse(refused.message);
      return null;
    }
  }
  /** An action of the learner; while time stands, just far enough that it has happened. Returns a refusal or null. */
  async function act(action, { quiet = false } = {}) {
    try {
      await ask("act", { action });
      refuse("");
    } catch (refused) {
      if (!quiet) refuse(refused.message);
      return refused;
    }
    if (!state.frame?.time.speed) await doing("step", { events: STEPS[action.do] ?? 1 });
    return null;
  }
  function tell(how, words) {
    part("trouble").hidden = how === "live";
    part("trouble-words").textContent = words;
    if (how === "live") return;
    part("mode").textContent = how === "ended" ? "over" : "not connected";
  }
  return { doing, act, tell };
}

/** A topic, a producer and a consumer: something to look at. */
export async function example(act) {
  await act({ do: "create topic", topic: "orders", partitions: 3 });
  await act({ do: "add", actor: { kind: "producer", name: "shop", topic: "orders", rate: 2 } });
  await act({ do: "add", actor: { kind: "consumer", name: "billing-1", topic: "orders", group: "billing" } });
}
