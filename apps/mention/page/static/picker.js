// Picking people by the beginning of their names: an input with a list under it, as a combobox.

import { element, fill } from "/page/element.js";
import { people } from "/knowledge.js";
import { guarded } from "/notice.js";

/** `chosen(entity)` is called with each person that is picked. */
export function picker(input, list, chosen) {
  let found = [];
  let at = -1;
  let asking = null;

  const close = () => {
    asking?.abort();
    [found, at] = [[], -1];
    fill(list);
    list.hidden = true;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  };

  const light = (next) => {
    at = (next + found.length) % found.length;
    [...list.children].forEach((option, place) => option.setAttribute("aria-selected", String(place === at)));
    input.setAttribute("aria-activedescendant", `${list.id}-${at}`);
    list.children[at].scrollIntoView({ block: "nearest" });
  };

  const pick = (entity) => {
    close();
    input.value = "";
    chosen(entity);
  };

  const open = () => guarded(async () => {
    asking?.abort();
    asking = new AbortController();
    const prefix = input.value.trim();
    if (!prefix) return close();
    const answer = await people(prefix, asking.signal);
    [found, at] = [answer.people.slice(0, 8), -1];
    fill(list, ...found.map((one, place) => element("li",
      { class: "option", role: "option", id: `${list.id}-${place}`, "aria-selected": "false", onclick: () => pick(one.entity) },
      element("span", { dir: "auto" }, one.entity), element("span", { class: "count" }, one.words.join(" · ")))));
    list.hidden = found.length === 0;
    input.setAttribute("aria-expanded", String(found.length > 0));
    if (found.length) light(0);
  });

  input.addEventListener("input", open);
  input.addEventListener("blur", () => setTimeout(close, 150));
  list.addEventListener("pointerdown", (event) => event.preventDefault());
  input.addEventListener("keydown", (event) => {
    if (event.key === "Escape") return close();
    if (event.key === "Enter") event.preventDefault();
    if (!found.length || !["ArrowDown", "ArrowUp", "Enter"].includes(event.key)) return;
    event.preventDefault();
    if (event.key === "Enter") pick(found[at].entity);
    else light(at + (event.key === "ArrowDown" ? 1 : -1));
  });
}
