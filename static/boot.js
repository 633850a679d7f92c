// Runs before the first paint: applies the stored theme and language, keeps what is typed into the first screen until the
// program takes over, loads the fonts after the first paint, and shows an error if the program cannot start. Everything else
// is WebAssembly. The storage keys are those of web-client/src/services/storage.rs.
(function () {
  "use strict";
  var root = document.documentElement;
  var language = navigator.language || "";
  var invite = /[#&]invite=/.test(location.hash);
  try {
    var theme = localStorage.getItem("wardroom.theme");
    if (theme === "light" || theme === "dark") root.dataset.theme = theme;
    language = localStorage.getItem("wardroom.language") || language;
    invite = invite || sessionStorage.getItem("wardroom.invite") !== null;
  } catch (_) { /* Without storage the browser's own preferences apply. */ }
  if (/^zh/i.test(language)) root.lang = "zh-CN";
  if (invite) root.dataset.boot = "invite";

  var started = false;
  addEventListener("TrunkApplicationStarted", function () { started = true; });

  // A form submitted before the program has started is submitted by the program.
  addEventListener("submit", function (event) {
    if (started || event.target.id !== "boot-form") return;
    event.preventDefault();
    root.dataset.submitted = "";
  });
  addEventListener("change", function (event) {
    if (event.target.id === "boot-show") document.getElementById("boot-password").type = event.target.checked ? "text" : "password";
  });

  function say(en, zh) {
    var boot = document.getElementById("boot");
    if (started || !boot) return;
    var isChinese = root.lang === "zh-CN";
    var again = document.createElement("button");
    again.className = "button";
    again.textContent = isChinese ? "重新加载" : "Reload";
    again.addEventListener("click", function () { location.reload(); });
    boot.hidden = false;
    boot.replaceChildren(isChinese ? zh : en, document.createElement("br"), again);
  }

  addEventListener("DOMContentLoaded", function () {
    var user = document.getElementById("boot-user");
    if (user && root.dataset.session !== "in") user.focus();
    if (typeof WebAssembly !== "object") say("This browser has no WebAssembly, which Wardroom needs. Use a newer one, or the wardroom command. ", "此浏览器不支持 WebAssembly。请使用较新的浏览器或 wardroom 命令。");
  });
  addEventListener("load", function () {
    var fonts = document.createElement("link");
    fonts.rel = "stylesheet";
    fonts.href = "fonts/fonts.css";
    requestAnimationFrame(function () { setTimeout(function () { document.head.append(fonts); }, 0); });
  });
  // In Safari the phone's keyboard covers the page instead of shrinking it: keep the bottom visible.
  if (window.visualViewport) {
    visualViewport.addEventListener("resize", function () {
      var isCovered = visualViewport.height < innerHeight - 1 && visualViewport.scale === 1;
      if (isCovered) root.style.setProperty("--view", visualViewport.height + "px");
      else root.style.removeProperty("--view");
    });
  }

  function failed() { say("Wardroom could not be loaded. Check your connection and try again. ", "无法加载 Wardroom，请检查网络后重试。"); }
  addEventListener("error", failed, true);
  addEventListener("unhandledrejection", failed);
})();
