// The colours of the page's tokens, as xterm.js takes them: without light-dark(), which it does not read.

const NAMES = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"];

/** The theme in force where `root` is. */
export function colours(root) {
  const probe = document.createElement("span");
  probe.hidden = true;
  root.append(probe);
  const colour = (token) => {
    probe.style.color = `var(${token})`;
    return getComputedStyle(probe).color;
  };
  const theme = {
    background: colour("--bg-console"),
    foreground: colour("--ink"),
    cursor: colour("--ink"),
    cursorAccent: colour("--bg-console"),
    selectionBackground: colour("--bg-selected"),
  };
  NAMES.forEach((name, at) => {
    theme[name] = colour(`--ansi-${at}`);
    theme[`bright${name[0].toUpperCase()}${name.slice(1)}`] = colour(`--ansi-${at + 8}`);
  });
  probe.remove();
  return theme;
}
