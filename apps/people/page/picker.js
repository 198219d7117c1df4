// Picking a person by the beginning of a name: an input with a list under it, as a combobox.

import { ask, element, fill } from "/page/element.js";

/** `chosen` is called with the person that was picked. */
export function picker(input, list, chosen) {
  let found = [];
  let active = -1;
  let asking = null;

  const close = () => {
    list.hidden = true;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
    active = -1;
  };

  const choose = (person) => {
    close();
    input.value = person.name;
    chosen(person);
  };

  const light = (at) => {
    active = (at + found.length) % found.length;
    [...list.children].forEach((option, place) => option.setAttribute("aria-selected", String(place === active)));
    input.setAttribute("aria-activedescendant", `option-${active}`);
    list.children[active].scrollIntoView({ block: "nearest" });
  };

  const open = async () => {
    asking?.abort();
    asking = new AbortController();
    try {
      found = await ask(`/api/people?name=${encodeURIComponent(input.value.trim())}`, undefined, asking.signal);
    } catch (error) {
      if (error.name === "AbortError") return;
      found = [];
    }
    const options = found.map((person, at) =>
      element(
        "div",
        { class: "option", role: "option", id: `option-${at}`, "aria-selected": "false", onclick: () => choose(person) },
        element("span", {}, person.name),
        element("span", { class: "count" }, person.place?.city ?? ""),
      ),
    );
    fill(list, ...(options.length ? options : [element("p", { class: "meta" }, "Nobody is called so.")]));
    list.hidden = false;
    input.setAttribute("aria-expanded", "true");
    active = -1;
  };

  input.addEventListener("input", open);
  input.addEventListener("focus", () => input.select());
  input.addEventListener("blur", () => setTimeout(close, 150));
  list.addEventListener("pointerdown", (event) => event.preventDefault());
  input.addEventListener("keydown", async (event) => {
    if (event.key === "Escape") close();
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp" && event.key !== "Enter") return;
    event.preventDefault();
    if (list.hidden) {
      input.value = event.key === "Enter" ? input.value : "";
      return void (await open());
    }
    if (found.length === 0) return;
    if (event.key === "Enter") choose(found[Math.max(0, active)]);
    else light(active + (event.key === "ArrowDown" ? 1 : active < 0 ? 0 : -1));
  });
}
