// A map without a map: me in the middle, everybody at their true distance and direction (azimuthal equidistant).

const NAMESPACE = "http://www.w3.org/2000/svg";
const RADIUS = 96;
const STEPS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 20100];

function shape(name, attributes, text = null) {
  const made = document.createElementNS(NAMESPACE, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
  if (text !== null) made.textContent = text;
  return made;
}

/** Degrees clockwise from north, at which `there` is seen from `here`. */
function bearing(here, there) {
  const radians = (degrees) => (degrees * Math.PI) / 180;
  const [lat, other, turn] = [radians(here.lat), radians(there.lat), radians(there.lon - here.lon)];
  const east = Math.sin(turn) * Math.cos(other);
  const north = Math.cos(lat) * Math.sin(other) - Math.sin(lat) * Math.cos(other) * Math.cos(turn);
  return (Math.atan2(east, north) * 180) / Math.PI;
}

/** Draw the suggestions around me; returns a function that lights up one of them by its id, or none. */
export function draw(svg, me, suggestions) {
  const placed = suggestions.map((one, at) => ({ one, number: at + 1 })).filter(({ one }) => one.km !== null);
  svg.toggleAttribute("hidden", !me.place || placed.length === 0);
  svg.replaceChildren();
  if (!me.place || placed.length === 0) return () => {};
  const farthest = Math.max(...placed.map(({ one }) => one.km), 1);
  const outer = STEPS.find((step) => step >= farthest) ?? STEPS.at(-1);
  const nearby = placed.map(({ one, number }) => `${number} ${Math.round(one.km)} km`).join(", ");
  svg.setAttribute("aria-label", `Distances from ${me.name}: ${nearby}`);
  for (const share of [0.5, 1]) {
    svg.append(shape("circle", { class: "ring", r: RADIUS * share }));
    svg.append(shape("text", { class: "scale", y: RADIUS * share + 10 }, `${outer * share} km`));
  }
  svg.append(shape("text", { class: "scale", y: -RADIUS - 4 }, "N"));
  svg.append(shape("circle", { class: "home", r: 3.5 }));
  const groups = new Map();
  for (const { one, number } of spread(me, placed, outer)) {
    const group = shape("g", { transform: `translate(${one.x.toFixed(2)} ${one.y.toFixed(2)})` });
    group.append(shape("circle", { class: "spot", r: 7 }), shape("text", { class: "number" }, number));
    groups.set(one.id, group);
    svg.append(group);
  }
  return (id) => {
    for (const [other, group] of groups) group.classList.toggle("lit", other === id);
    if (groups.has(id)) svg.append(groups.get(id));
  };
}

/** Where each goes. Those that would lie on each other move along their circle: the distance stays true. */
function spread(me, placed, outer) {
  const set = [];
  for (const { one, number } of placed) {
    const reach = (one.km / outer) * RADIUS;
    const angle = bearing(me.place, one.place);
    let spot = null;
    for (let turn = 0; turn < 36; turn += 1) {
      const moved = ((angle + (turn % 2 ? -1 : 1) * Math.ceil(turn / 2) * 10 - 90) * Math.PI) / 180;
      spot = { id: one.id, x: reach * Math.cos(moved), y: reach * Math.sin(moved) };
      if (set.every((other) => Math.hypot(other.one.x - spot.x, other.one.y - spot.y) > 13)) break;
    }
    set.push({ one: spot, number });
  }
  return set;
}
