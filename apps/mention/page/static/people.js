// Everybody by the beginning of the name, and lists of people as other views show them.

import { byId, element, fill } from "/page/element.js";
import { address, people } from "/knowledge.js";
import { guarded } from "/notice.js";

let asking = null;

export function begin() {
  byId("prefix").addEventListener("input", () => guarded(list));
}

export const show = () => list();

async function list() {
  asking?.abort();
  asking = new AbortController();
  const { people: found, more } = await people(byId("prefix").value.trim(), asking.signal);
  byId("people-count").textContent = found.length === 0 ? "Nobody by this name." : more
    ? `The first ${found.length}; write the beginning of a name to see others.`
    : found.length === 1 ? "One person." : `${found.length} people.`;
  fill(byId("people-list"), ...found.map((one) => row(one.entity, one.words, `${one.mentions}`)));
}

/** A person as a row: the name leads to the person; words beside it, a figure at the end, and a bar if there is a share. */
export function row(entity, words, figure, share = null) {
  return element("li", {},
    element("a", { class: "option", href: address("person", entity) },
      element("span", {}, element("b", { dir: "auto" }, entity), " ", element("span", { class: "meta" }, words.join(" · "))),
      element("span", { class: "count" }, figure),
      share === null ? null : element("span", { class: "bar", style: { "--share": share } })));
}
