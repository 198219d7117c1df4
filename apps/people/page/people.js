// The page: what is asked lies in `state` and in the address; every change asks again.

import { ask, byId, element, fill } from "/page/element.js";
import { draw } from "./map.js";
import { picker } from "./picker.js";

const DISTANCES = [10, 25, 50, 100, 250, 500, 1000, 2500, null];
const BITS_SHOWN = 10;
const state = { person: null, within_km: null, balance: 0.5, interests: [], every: false, school: "", language: "", marks: new Map() };
let asking = null;
let lit = () => {};

const marked = (liked) => [...state.marks].filter(([, mark]) => mark.liked === liked).map(([id]) => id);

function question() {
  return {
    person: state.person,
    within_km: state.within_km,
    balance: state.balance,
    interests: state.interests,
    every: state.every,
    school: state.school || null,
    languages: state.language ? [state.language] : [],
    like: marked(true),
    unlike: marked(false),
  };
}

async function refresh() {
  showAsked();
  history.replaceState(null, "", `#${state.person}`);
  asking?.abort();
  asking = new AbortController();
  const problem = byId("problem");
  try {
    const answer = await ask("/api/suggest", question(), asking.signal);
    problem.hidden = true;
    show(answer);
  } catch (error) {
    if (error.name === "AbortError") return;
    problem.textContent = error.message;
    problem.hidden = false;
    fill(byId("suggestions"));
    byId("status").textContent = "";
  }
}

function show({ me, people, ms, suggestions }) {
  showMe(me);
  const count = suggestions.length;
  const passed = count ? `${count} of ${people.toLocaleString("en")} people` : "Nobody suits both sides; ask for less";
  byId("status").textContent = `${passed} · ${ms} ms`;
  fill(byId("suggestions"), ...suggestions.map((one, at) => card(one, at + 1, me)));
  lit = draw(byId("map"), me, suggestions);
}

function showMe(me) {
  byId("me").hidden = false;
  byId("me-name").textContent = me.name;
  byId("me-facts").textContent = facts(me);
  byId("me-about").textContent = me.about ?? "";
  const chips = (me.interests ?? []).map((interest) =>
    element("button", { type: "button", class: "chip", "aria-pressed": String(state.interests.includes(interest)), onclick: () => toggle(interest) }, interest),
  );
  fill(byId("me-interests"), ...chips);
  byId("me-wishes").textContent = wishes(me.wish ?? {});
}

function facts(person, km = null) {
  const away = km === null || km === undefined ? null : `${km < 10 ? km.toFixed(1) : Math.round(km).toLocaleString("en")} km away`;
  const parts = [person.place?.city, away, person.born === undefined ? null : `born ${year(person.born)}`];
  return [...parts, (person.languages ?? []).map(capital).join(", "), (person.schools ?? []).slice(0, 3).join(" · ")].filter(Boolean).join(" · ");
}

const capital = (word) => word.charAt(0).toUpperCase() + word.slice(1);

const year = (born) => (born < 0 ? `${-born} BC` : String(born));

function wishes(wish) {
  const parts = [
    wish.within_km ? `within ${wish.within_km} km` : null,
    wish.languages ? `speaks ${wish.languages.map(capital).join(" or ")}` : null,
    wish.interests ? `likes ${wish.interests.join(" or ")}` : null,
    wish.schools ? `went to ${wish.schools.join(" or ")}` : null,
    wish.born_from !== undefined ? `born ${year(wish.born_from)} to ${year(wish.born_to)}` : null,
  ].filter(Boolean);
  return parts.length ? `Asks for: ${parts.join(", ")}.` : "";
}

function card(one, place, me) {
  const mine = new Set(me.interests ?? []);
  const interests = (one.interests ?? []).flatMap((interest, at) => [at ? ", " : "", mine.has(interest) ? element("mark", {}, interest) : interest]);
  const score = Math.max(0, one.score);
  return element(
    "li",
    { class: "card suggestion", data: { id: one.id }, onpointerenter: () => lit(one.id), onpointerleave: () => lit(null), onfocusin: () => lit(one.id) },
    element(
      "header",
      {},
      element("span", { class: "place", "aria-hidden": "true" }, String(place)),
      element("div", { class: "name" }, element("h3", {}, one.name), element("p", { class: "meta" }, facts(one, one.km))),
      element(
        "div",
        { class: "likeness", title: "1 would be the same" },
        element("span", { class: "meta" }, `${one.score.toFixed(2)} alike`),
        element("div", { class: "bar", style: { "--share": score } }),
      ),
    ),
    element(
      "ul",
      { class: "reasons", "aria-label": `Why ${one.name}` },
      ...one.reasons.map((reason) =>
        element(
          "li",
          { class: "reason", title: `${reason.bits.toFixed(1)} bits`, data: { kind: reason.kind } },
          element("div", { class: "bar", style: { "--share": reason.bits / BITS_SHOWN }, "aria-hidden": "true" }),
          element("span", {}, reason.text),
        ),
      ),
    ),
    one.about ? element("p", { class: `about${one.about.length > 220 ? " long" : ""}` }, one.about) : null,
    element("p", { class: "interests" }, ...interests),
    element(
      "div",
      { class: "row" },
      element("button", { type: "button", class: "button", "aria-label": `Like ${one.name}`, onclick: () => mark(one, true) }, "Like"),
      element("button", { type: "button", class: "button quiet", "aria-label": `Pass ${one.name}`, onclick: () => mark(one, false) }, "Pass"),
    ),
  );
}

function mark(person, liked) {
  const place = [...byId("suggestions").children].findIndex((one) => one.dataset.id === String(person.id));
  state.marks.set(person.id, { liked, name: person.name });
  refresh().then(() => byId("suggestions").children[place]?.querySelector("button")?.focus({ preventScroll: true }));
}

function toggle(interest) {
  const asked = state.interests.includes(interest);
  state.interests = asked ? state.interests.filter((one) => one !== interest) : [...state.interests, interest];
  refresh();
}

function showAsked() {
  byId("distance").value = String(DISTANCES.indexOf(state.within_km));
  const far = state.within_km === null ? "as wished" : `${state.within_km.toLocaleString("en")} km`;
  byId("distance-says").textContent = far;
  byId("distance").setAttribute("aria-valuetext", far);
  byId("balance").value = String(state.balance);
  byId("balance-says").textContent = `${Math.round(100 * state.balance)} % interests`;
  byId("how").hidden = state.interests.length < 2;
  const remove = (text, label, onclick, sign = null) => element("button", { type: "button", class: "chip", "aria-label": label, onclick }, sign, text);
  fill(byId("wanted"), ...state.interests.map((one) => remove(`${one} ×`, `No longer ask for ${one}`, () => toggle(one))));
  const marks = [...state.marks].map(([id, { liked, name }]) => {
    const sign = element("span", { class: liked ? "yes" : "no", "aria-hidden": "true" }, liked ? "♥" : "✕");
    return remove(name, `${name}, ${liked ? "liked" : "passed"}; take it back`, () => { state.marks.delete(id); refresh(); }, sign);
  });
  fill(byId("marked"), ...marks);
  byId("unmarked").hidden = marks.length > 0;
}

function reset() {
  Object.assign(state, { within_km: null, balance: 0.5, interests: [], every: false, school: "", language: "", marks: new Map() });
  byId("asked").reset();
}

function choose(person) {
  reset();
  state.person = person.id;
  refresh();
}

function listen() {
  const wide = matchMedia("(min-width: 56rem)");
  const settle = () => { byId("conditions").open = wide.matches; };
  wide.addEventListener("change", settle);
  settle();
  byId("asked").addEventListener("submit", (event) => event.preventDefault());
  byId("distance").addEventListener("input", (event) => { state.within_km = DISTANCES[Number(event.target.value)]; refresh(); });
  byId("balance").addEventListener("input", (event) => { state.balance = Number(event.target.value); refresh(); });
  byId("school").addEventListener("change", (event) => { state.school = event.target.value; refresh(); });
  byId("language").addEventListener("change", (event) => { state.language = event.target.value; refresh(); });
  byId("how").addEventListener("change", (event) => { state.every = event.target.value === "1"; refresh(); });
  byId("interest").addEventListener("change", (event) => {
    const interest = event.target.value.trim().toLowerCase();
    event.target.value = "";
    if (interest && !state.interests.includes(interest)) toggle(interest);
  });
  byId("again").addEventListener("click", () => { reset(); refresh(); });
}

async function begin() {
  listen();
  const [choices, first] = await Promise.all([ask("/api/choices"), ask("/api/people")]);
  const options = (counts) => Object.entries(counts).map(([value, count]) => element("option", { value }, `${capital(value)} (${count})`));
  for (const [id, counts] of [["interests", choices.interests], ["school", choices.schools], ["language", choices.languages]]) {
    byId(id).append(...options(counts));
  }
  picker(byId("person"), byId("persons"), choose);
  const asked = Number(location.hash.slice(1));
  state.person = Number.isSafeInteger(asked) && location.hash.length > 1 ? asked : first[0].id;
  await refresh();
  byId("person").value = byId("me-name").textContent;
}

begin().catch((error) => {
  byId("problem").textContent = error.message;
  byId("problem").hidden = false;
});
