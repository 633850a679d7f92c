// Questions of the terminal, as modal dialogs. The answer is a promise of true or false.

import { element } from "./elements.js";

/** Lines of a paste that are shown. */
const SHOWN_MAX = 12;

/** Asks before text of several lines, or with controls, is pasted. */
export function askPaste(root, say, { lines, hadControls, isMultiline }) {
  const shown = lines.slice(0, SHOWN_MAX).join("\n");
  const more = lines.length - SHOWN_MAX;
  const content = [
    isMultiline && element("p", "form__hint", say("pasteLead")),
    hadControls && element("p", "form__hint", say("pasteControls"), { testid: "paste-controls" }),
    element("pre", "tty__paste", shown.slice(0, 4_000)),
    more > 0 && element("p", "form__hint", say("pasteMore", more)),
  ];
  const head = isMultiline ? say("pasteHead", lines.length) : say("pasteLine");
  return ask(root, head, content, say("paste"), say("cancel"), "paste-guard");
}

/** Asks whether a program may write to the clipboard. */
export function askClipboard(root, say, chars) {
  return ask(root, say("clipHead"), [element("p", "form__hint", say("clipLead", chars))], say("clipYes"), say("clipNo"), "clipboard-guard");
}

function ask(root, head, content, yes, no, testid) {
  root.querySelector("dialog")?.close("no");
  const dialog = element("dialog", "tty__dialog", null, { testid });
  const title = element("h2", "tty__dialog-head", head);
  title.id = "terminal-question";
  dialog.setAttribute("aria-labelledby", title.id);
  const answer = (value, label, className) => {
    const button = element("button", className, label, { testid: `${testid}-${value}` });
    button.addEventListener("click", () => dialog.close(value));
    return button;
  };
  const actions = element("div", "form__actions");
  const yesButton = answer("yes", yes, "button button--primary");
  actions.append(answer("no", no, "button"), yesButton);
  dialog.append(title, ...content.filter(Boolean), actions);
  root.append(dialog);
  dialog.showModal();
  yesButton.focus();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "yes");
    });
  });
}
