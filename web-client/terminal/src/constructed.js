// xterm.js writes its style sheets into <style> elements and its true colours into style attributes. The content security
// policy forbids both. It does not concern constructed style sheets and the CSSOM, so xterm.js is given a document whose
// elements use these instead; see docs/adr/0009. build.js puts `constructedDocument` wherever a file of the bundle says
// `document`, because xterm.js does not always use the one that it is given. Only this file names the real one.

const real = globalThis.document;

/** Shows a style sheet; returns a function that changes its text, and one that removes it. */
export function styleSheet(text) {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(text);
  real.adoptedStyleSheets = [...real.adoptedStyleSheets, sheet];
  return {
    set: (next) => sheet.replaceSync(next),
    remove: () => {
      real.adoptedStyleSheets = real.adoptedStyleSheets.filter((other) => other !== sheet);
    },
  };
}

/** An element in place of <style>: its text is a constructed style sheet. */
function styleElement() {
  const element = real.createElement("span");
  element.hidden = true;
  let text = "";
  let sheet = null;
  Object.defineProperty(element, "textContent", {
    get: () => text,
    set: (next) => {
      text = next;
      if (sheet) sheet.set(text);
      else sheet = styleSheet(text);
    },
  });
  element.remove = () => {
    sheet?.remove();
    sheet = null;
    Element.prototype.remove.call(element);
  };
  return element;
}

/** An element whose style attribute is set through the CSSOM. */
function spanElement() {
  const element = real.createElement("span");
  element.setAttribute = (name, value) => {
    if (name === "style") element.style.cssText = value;
    else Element.prototype.setAttribute.call(element, name, value);
  };
  return element;
}

function createElement(name, ...rest) {
  if (name === "style") return styleElement();
  if (name === "span") return spanElement();
  return real.createElement(name, ...rest);
}

/** The document, for xterm.js. */
export const constructedDocument = new Proxy(real, {
  get(target, key) {
    if (key === "createElement") return createElement;
    const value = Reflect.get(target, key, target);
    return typeof value === "function" ? value.bind(target) : value;
  },
  set: (target, key, value) => Reflect.set(target, key, value, target),
});
