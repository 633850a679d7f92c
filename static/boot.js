// Runs before the first paint: applies the stored theme and language, keeps what is typed into the first screen until the
// program takes over, shows the last lines of the room until the program draws it, loads the fonts after the first paint, and
// shows an error if the program cannot start. Everything else is WebAssembly. The storage keys are those of web-client/src/services/storage.rs.
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
  if (/^zh/i.test(language)) {
    root.lang = "zh-CN";
    // The program asks for it once it runs; see web-client/src/services/language.rs.
    var preload = document.createElement("link");
    preload.rel = "preload";
    preload.as = "fetch";
    preload.crossOrigin = "anonymous";
    preload.href = "words.zh-CN.txt";
    document.head.append(preload);
  }
  if (invite) root.dataset.boot = "invite";

  // For the program, which cannot import by itself.
  window.wardroomImport = function (address) { return import(address); };

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

  // With a session: asks who that is, for the program, and for the last lines of the room in the address, or else of the last
  // one. An address of a line in a room is left to the program.
  function askSession() {
    var path = location.pathname.slice(new URL(document.baseURI).pathname.length);
    var room = /^r\/([^/]+)\/?$/.exec(path);
    room = path === "" ? encodeURIComponent(lastRoom() || "general") : room && room[1];
    var asked = fetch("api/session" + (room ? "?room=" + room : ""));
    var answer = asked.then(function (response) { return response.ok ? response.text() : null; });
    window.wardroomSession = answer.catch(function () { return null; });
    window.wardroomSession.then(function (text) {
      var you = text && JSON.parse(text);
      if (you && you.first) whenParsed(function () { drawLines(you.first); });
    });
  }
  function lastRoom() {
    try {
      var keys = Object.keys(localStorage).filter(function (key) { return /^wardroom\.[^.]+\.room$/.test(key); });
      return keys.length === 1 ? localStorage.getItem(keys[0]) : null;
    } catch (_) { return null; }
  }
  function whenParsed(call) {
    if (document.readyState === "loading") addEventListener("DOMContentLoaded", call);
    else call();
  }
  function make(name, className, text) {
    var element = document.createElement(name);
    element.className = className;
    if (text) element.textContent = text;
    return element;
  }
  function clock(at) {
    var time = new Date(at);
    return String(time.getHours()).padStart(2, "0") + ":" + String(time.getMinutes()).padStart(2, "0");
  }
  // Elements of the same classes as those of the program (web-client/src/features/timeline), with text alone.
  function drawLines(first) {
    var status = document.querySelector(".boot-screen__status");
    if (started || !status || !document.getElementById("boot") || first.lines.length === 0) return;
    var all = make("div", "timeline__lines");
    first.lines.forEach(function (line) {
      var row = make("div", line.is_first ? "line line--first" : "line");
      var time = make("span", line.is_first ? "line__time" : "line__time line__time--again", clock(line.at));
      if (line.is_first) {
        var head = make("div", "line__head");
        head.append(make("span", "line__who", line.by), time);
        row.append(make("span", "avatar"), head);
      } else row.append(time);
      var body = make("div", "line__body");
      body.append(make("span", "line__text", line.text));
      row.append(body);
      all.append(row);
    });
    var view = make("section", "room-view first-lines");
    view.dataset.room = first.room;
    var scroller = make("div", "timeline first-lines__scroller");
    scroller.append(all);
    var opening = make("p", "timeline__day", root.lang === "zh-CN" ? "正在打开 Wardroom…" : "Opening Wardroom…");
    opening.setAttribute("role", "status");
    view.append(scroller, opening);
    status.replaceWith(view);
    if (first.room[0] !== "@") document.querySelector(".boot-screen .room-bar").append(make("h1", "room-bar__name", "# " + first.room));
  }

  function say(en, zh) {
    var boot = document.getElementById("boot");
    if (started || !boot) return;
    var isChinese = root.lang === "zh-CN";
    var again = document.createElement("button");
    again.className = "button";
    again.textContent = isChinese ? "重新加载" : "Reload";
    again.addEventListener("click", function () { location.reload(); });
    boot.hidden = false;
    root.dataset.failed = "";
    boot.replaceChildren(isChinese ? zh : en, document.createElement("br"), again);
  }

  if (root.dataset.session === "in") askSession();
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
    // The first date makes the browser load the words of its language: do that while the program is on its way.
    setTimeout(function () { new Date().toLocaleDateString(navigator.language || root.lang, { weekday: "long", day: "numeric", month: "long" }); }, 100);
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
