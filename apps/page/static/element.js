// Building elements. Text is always set as text: nothing that a user or the data wrote becomes markup.

/**
 * element("li", { class: "option", role: "option", data: { id: 7 } }, "text", anotherElement)
 * Attributes that are null or false are left out; functions named on… are listeners; `style` sets custom properties.
 */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === "function") made.addEventListener(key.slice(2), value);
    else if (key === "data") Object.assign(made.dataset, value);
    else if (key === "style") for (const [property, set] of Object.entries(value)) made.style.setProperty(property, set);
    else made.setAttribute(key, value === true ? "" : String(value));
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

/** The element with this id; a page that lacks it is broken, and says so at once. */
export function byId(id) {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`the page has no #${id}`);
  return found;
}

/** Put `children` in place of what is inside `parent`. */
export function fill(parent, ...children) {
  parent.replaceChildren(...children.filter((child) => child !== null && child !== undefined));
}

/** POST an object (or GET, without one); returns the answer, throws an Error with the server's words. */
export async function ask(path, body = undefined, signal = undefined) {
  const asked = body === undefined ? {} : { method: "POST", body: JSON.stringify(body), headers: { "Content-Type": "application/json" } };
  let reply;
  try {
    reply = await fetch(path, { ...asked, signal });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Error("The server does not answer. Is it still running?");
  }
  const answer = await reply.json().catch(() => ({ error: `The server answered ${reply.status} without JSON.` }));
  if (!reply.ok) throw new Error(answer.error ?? `The server answered ${reply.status}.`);
  return answer;
}

/**
 * Arrow keys in a toolbar or a list of buttons: one tab stop, arrows move, Home and End jump (the roving tabindex).
 * `selector` names the things to move between.
 */
export function roving(parent, selector) {
  const settle = () => {
    const all = [...parent.querySelectorAll(selector)];
    const current = all.find((one) => one === document.activeElement) ?? all.find((one) => one.tabIndex === 0) ?? all[0];
    for (const one of all) one.tabIndex = one === current ? 0 : -1;
    return all;
  };
  parent.addEventListener("focusin", settle);
  parent.addEventListener("keydown", (event) => {
    const all = settle();
    const at = all.indexOf(document.activeElement);
    const steps = { ArrowRight: at + 1, ArrowDown: at + 1, ArrowLeft: at - 1, ArrowUp: at - 1, Home: 0, End: all.length - 1 };
    if (at < 0 || !(event.key in steps)) return;
    event.preventDefault();
    all[(steps[event.key] + all.length) % all.length].focus();
  });
  new MutationObserver(settle).observe(parent, { childList: true });
  settle();
}
