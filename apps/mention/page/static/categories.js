// The categories of a person, by facet, as bars that move: rows keep their identity, so that what changes is seen.

import { byId, element, fill } from "/page/element.js";

const MILLISECONDS = 250;
const PULSE = 3; // facets at the lower edge of a phone

let rows = new Map(); // category → its button
let shown = []; // the facets as they were drawn last: {facet, title, categories}
let pressed = null; // key of the chosen category
let announce = () => {};

export function begin(chose) {
  announce = chose;
}

/** Another person: nothing moves over from the last one. */
export function forget() {
  [rows, pressed] = [new Map(), null];
  fill(byId("facets"));
}

/** Draw what is known; null when nothing is. */
export function draw(knowledge) {
  shown = knowledge?.facets ?? [];
  if (pressed && !find(pressed)) pressed = null;
  if (knowledge === null) {
    fill(byId("pulse"));
    return void fill(byId("facets"), element("p", { class: "meta" }, "Nothing is known without a mention."));
  }
  const before = new Map([...rows].filter(([, row]) => row.isConnected).map(([key, row]) => [key, row.getBoundingClientRect().top]));
  const groups = shown.map(group);
  if (!same(byId("facets"), groups)) fill(byId("facets"), ...groups);
  for (const facet of shown) for (const one of facet.categories) move(rows.get(one.category), before.get(one.category));
  fill(byId("pulse"), ...shown.slice(0, PULSE).map((facet, at) => beat(byId("pulse").children[at], facet.categories[0])));
}

/** On a phone the bars are out of sight while one reads the mentions: the first ones stay at the lower edge. */
function beat(old, one) {
  const made = old ?? element("div", {}, element("span", {}), element("span", { class: "count" }), element("span", { class: "bar" }));
  made.children[0].textContent = one.name;
  made.children[1].textContent = percent(one.probability);
  made.children[2].style.setProperty("--share", one.probability);
  return made;
}

/** The chosen category with its speakers, or null. */
export const chosen = () => (pressed ? find(pressed) : null);

/** The likeliest of the first facets in a line: "composer · Germany · 18th century". */
export function words(knowledge) {
  return (knowledge?.words ?? []).join(" · ");
}

const find = (key) => shown.flatMap((facet) => facet.categories).find((one) => one.category === key) ?? null;

function group(facet) {
  const id = `facet-${facet.facet}`;
  const box = document.getElementById(id) ?? element("section", { id, class: "facet", "aria-labelledby": `${id}-title` },
    element("h3", { id: `${id}-title` }, facet.title), element("div", { class: "list" }));
  const wanted = facet.categories.map(bar);
  if (!same(box.lastElementChild, wanted)) {
    const focused = document.activeElement;
    fill(box.lastElementChild, ...wanted);
    if (wanted.includes(focused)) focused.focus({ preventScroll: true });
  }
  return box;
}

function bar(one) {
  if (!rows.has(one.category)) rows.set(one.category, made(one));
  const row = rows.get(one.category);
  row.setAttribute("aria-pressed", String(one.category === pressed));
  row.querySelector(".count").textContent = percent(one.probability);
  row.querySelector(".bar").style.setProperty("--share", one.probability);
  return row;
}

function made(one) {
  const row = element("button", { class: "option category", type: "button", "aria-pressed": "false" },
    element("span", { dir: "auto" }, one.name), element("span", { class: "count" }), element("span", { class: "bar" }));
  row.addEventListener("click", () => {
    pressed = pressed === one.category ? null : one.category;
    for (const [key, other] of rows) other.setAttribute("aria-pressed", String(key === pressed));
    announce(chosen());
  });
  return row;
}

const percent = (share) => (share >= 0.995 ? "> 99 %" : share < 0.005 ? "< 1 %" : `${Math.round(share * 100)} %`);
const same = (parent, wanted) => parent.children.length === wanted.length && wanted.every((one, at) => one === parent.children[at]);

/** Let a row glide from where it was. */
function move(row, top) {
  const way = top === undefined ? 0 : top - row.getBoundingClientRect().top;
  if (way === 0 || matchMedia("(prefers-reduced-motion: reduce)").matches) return;
  row.animate([{ transform: `translateY(${way}px)` }, { transform: "none" }], { duration: MILLISECONDS, easing: "ease-out" });
}
