// Runs before the page is painted: sets the chosen theme, and says so where the page cannot start. Everything else
// is the WebAssembly. The key is the one that src/services/storage.rs writes.
(function () {
  "use strict";
  var root = document.documentElement;
  try {
    var theme = localStorage.getItem("wardroom.theme");
    if (theme === "light" || theme === "dark") root.dataset.theme = theme;
  } catch (_) { /* storage may be forbidden: then the browser's own preference holds */ }

  var started = false;
  addEventListener("TrunkApplicationStarted", function () { started = true; });

  function say(words) {
    var boot = document.getElementById("boot");
    if (started || !boot) return;
    var again = document.createElement("button");
    again.className = "tool";
    again.textContent = "Load again";
    again.addEventListener("click", function () { location.reload(); });
    boot.setAttribute("role", "alert");
    boot.replaceChildren(words, document.createElement("br"), again);
  }

  addEventListener("DOMContentLoaded", function () {
    if (typeof WebAssembly !== "object") say("This browser has no WebAssembly, which Wardroom needs. Use a newer one, or the wardroom command. ");
  });
  function failed() { say("The page could not be loaded whole. Look at the connection, then load it again. "); }
  addEventListener("error", failed, true);
  addEventListener("unhandledrejection", failed);
})();
