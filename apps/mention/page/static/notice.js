// What went wrong, in words, where everybody finds it: one line under the top of the page, read aloud at once.

import { byId, element, fill } from "/page/element.js";

/** Show a sentence until the next thing succeeds. */
export function tell(words) {
  fill(byId("alert"), element("p", { class: "notice bad" }, words));
}

/** Take the sentence away. */
export function hush() {
  fill(byId("alert"));
}

/** Do it; tell what it refuses. Resolves to what it returns, or to undefined if it failed. */
export async function guarded(act) {
  try {
    const done = await act();
    return done;
  } catch (error) {
    if (error.name !== "AbortError") tell(error.message);
    return undefined;
  }
}

/** A listener that guards what it does and takes an older sentence away first. */
export function listener(act) {
  return (event) => {
    hush();
    return guarded(() => act(event));
  };
}
