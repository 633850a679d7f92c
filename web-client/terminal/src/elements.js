// Elements of the terminal's panel.

/** An element with a class and text. */
export function element(name, className, text, { testid } = {}) {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (text) made.textContent = text;
  if (testid) made.dataset.testid = `terminal-${testid}`;
  return made;
}

/** A button that calls `act`. */
export function button(label, testid, act, className = "button") {
  const made = element("button", className, label, { testid });
  made.type = "button";
  made.addEventListener("click", act);
  return made;
}
