// Who is nearest to a person, and among whom: filters of era, country and field with the people that each would leave.

import { byId, element, fill } from "/page/element.js";
import { milliseconds, near } from "/knowledge.js";
import { guarded } from "/notice.js";
import { row } from "/people.js";

let entity = "";
let asking = null;

const selects = () => [...byId("filters").querySelectorAll("select")];

export function begin() {
  byId("filters").addEventListener("change", () => guarded(find));
  byId("filters").addEventListener("submit", (event) => event.preventDefault());
}

/** The nearest of this person, who is known or not; filters stay as they are. */
export async function show(person, known) {
  entity = person;
  if (known) return find();
  byId("near-time").textContent = "";
  return fill(byId("near"), element("li", { class: "meta" }, "Without a mention there is nobody to compare."));
}

async function find() {
  asking?.abort();
  asking = new AbortController();
  const filters = Object.fromEntries(selects().map((select) => [select.name, select.value || null]));
  const answer = await near(entity, filters, asking.signal);
  for (const select of selects()) offer(select, answer.facets[select.name], filters[select.name]);
  byId("near-time").textContent = `found in ${milliseconds(answer.ms)}`;
  const rows = answer.people.map((one) => row(one.entity, one.words, one.score.toFixed(2), one.score));
  fill(byId("near"), ...(rows.length ? rows : [element("li", { class: "meta" }, "Nobody passes; ask for less.")]));
}

function offer(select, choices, chosen) {
  const known = choices.some((one) => one.value === chosen);
  const all = [{ value: "", name: "any" }, ...choices, ...(chosen && !known ? [{ value: chosen, name: chosen, count: 0 }] : [])];
  fill(select, ...all.map((one) => element("option", { value: one.value }, one.count === undefined ? one.name : `${one.name} (${one.count})`)));
  select.value = chosen ?? "";
}
