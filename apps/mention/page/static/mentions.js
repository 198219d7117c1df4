// The mentions of a person as a list: each can be left out and counted again, removed, and speaks for or against.

import { byId, element, fill } from "/page/element.js";
import { listener } from "/notice.js";
import { marked } from "/passage.js";

const SILENT = 0.005; // log-odds; less is not worth a word

let acts = null; // { count, leave, remove }, each of a row
let places = new Map(); // id of a mention → its list item

export function begin(given) {
  acts = given;
}

/** Draw the rows; `heard` are the mentions that have been read so far, null for all that count. */
export function draw(rows, heard) {
  const before = places;
  places = new Map(rows.map((row) => [row.id, before.get(row.id) ?? made(row)]));
  for (const row of rows) {
    const item = places.get(row.id);
    item.querySelector("input").checked = row.counted;
    item.classList.toggle("out", !row.counted);
    item.classList.toggle("later", row.counted && heard !== null && !heard.includes(row));
  }
  const list = byId("mentions");
  const wanted = [...places.values()];
  if (wanted.length !== list.children.length || wanted.some((item, at) => item !== list.children[at])) fill(list, ...wanted);
}

/** Show how each mention speaks for the chosen category (null: none is chosen). */
export function speak(category) {
  const supports = new Map((category?.speakers ?? []).map((speaker) => [speaker.mention, speaker.support]));
  const most = Math.max(SILENT, ...[...supports.values()].map(Math.abs));
  byId("speaking").textContent = category ? `for and against “${category.name}”` : "";
  for (const [id, item] of places) {
    const voice = item.querySelector(".voice");
    const support = supports.get(id);
    item.classList.remove("for", "against");
    voice.textContent = "";
    if (!category || support === undefined || item.classList.contains("out")) continue;
    const side = support > SILENT ? "for" : support < -SILENT ? "against" : "";
    if (side) item.classList.add(side);
    item.style.setProperty("--weight", Math.abs(support) / most);
    voice.textContent = side ? `${side} ${Math.abs(support).toFixed(2)}` : "neither";
  }
}

function made(row) {
  const toggle = element("input", { type: "checkbox", role: "switch", "aria-label": `Count: ${row.text}` });
  toggle.addEventListener("change", listener(async () => {
    toggle.disabled = true;
    try {
      await (toggle.checked ? acts.count : acts.leave)(row);
    } finally {
      toggle.checked = row.counted;
      toggle.disabled = false;
      toggle.focus({ preventScroll: true });
    }
  }));
  const item = element("li", { class: "mention" },
    element("label", { class: "switch" }, toggle, element("span", { "aria-hidden": "true" })),
    element("div", {},
      element("p", { dir: "auto" }, ...marked(row.text, row.start, row.end)),
      element("div", { class: "foot meta" },
        element("span", {}, [row.source, row.date].filter(Boolean).join(" · ")),
        element("span", { class: "voice" }),
        element("button", { class: "button quiet", type: "button", "aria-label": `Remove: ${row.text}`, onclick: listener(() => taken(row)) }, "Remove"))));
  return item;
}

/** Remove it; the focus goes to what stands in its place. */
async function taken(row) {
  const at = [...places.keys()].indexOf(row.id);
  await acts.remove(row);
  const buttons = [...byId("mentions").querySelectorAll(".foot > button")];
  (buttons[Math.min(at, buttons.length - 1)] ?? byId("person-title")).focus({ preventScroll: true });
}
