// A category of one's own: its name, a few people who have it, and then everybody else, ranked.

import { byId, element, fill } from "/page/element.js";
import { address, category, milliseconds, overview, teach, withdraw } from "/knowledge.js";
import { listener, tell } from "/notice.js";
import { row } from "/people.js";
import { picker } from "/picker.js";

const LEAST = 3;
const MOST = 8;

let examples = [];
let shown = null;

export function begin() {
  picker(byId("example"), byId("example-list"), add);
  byId("teach-form").addEventListener("submit", (event) => event.preventDefault());
  byId("teach-form").addEventListener("submit", listener(learn));
  byId("withdraw").addEventListener("click", listener(back));
  draw();
}

export async function show(name) {
  shown = name ?? null;
  byId("ranking").hidden = shown === null;
  const wanted = shown;
  const { taught } = await overview();
  if (shown !== wanted) return;
  fill(byId("taught"), ...(taught.length
    ? taught.map((one) => element("li", {}, element("a", { class: "option", href: address("teach", one), "aria-current": one === shown && "true", dir: "auto" }, one)))
    : [element("li", { class: "meta" }, "Nothing yet.")]));
  if (shown === null) return;
  const answer = await category(shown);
  if (shown !== wanted) return;
  byId("ranking-title").textContent = `Who has “${shown}”`;
  fill(byId("ranked"), ...answer.people.map((one) =>
    row(one.entity, [...(one.example ? ["an example"] : []), ...one.words], one.probability === null ? "< 10 %" : `${Math.round(one.probability * 100)} %`, one.probability ?? 0.05)));
}

function add(entity) {
  if (examples.includes(entity)) return;
  if (examples.length === MOST) return tell(`Examples: at most ${MOST}. Take one out first.`);
  examples = [...examples, entity];
  draw();
}

function draw() {
  fill(byId("examples"), ...(examples.length ? examples.map((entity) => element("li", {},
    element("button", { class: "chip", type: "button", "aria-label": `Take out ${entity}`, onclick: () => drop(entity) },
      element("span", { dir: "auto" }, entity), element("span", { "aria-hidden": "true" }, "×"))))
    : [element("li", { class: "meta" }, `Pick ${LEAST} to ${MOST}.`)]));
}

function drop(entity) {
  examples = examples.filter((other) => other !== entity);
  draw();
  byId("example").focus();
}

async function learn() {
  const name = byId("category").value.trim();
  if (!name) return refuse("category", "Category: it has no name yet. Write one, a word or two.");
  if (examples.length < LEAST) return refuse("example", `Examples: ${examples.length} of at least ${LEAST}. Pick more people who have it.`);
  const answer = await teach(name, examples);
  byId("teach-time").textContent = `learnt in ${milliseconds(answer.ms)}`;
  if (location.hash === address("teach", answer.category)) await show(answer.category);
  else location.hash = address("teach", answer.category);
}

function refuse(id, words) {
  tell(words);
  byId(id).focus();
}

async function back() {
  await withdraw(shown);
  location.hash = address("teach");
}
