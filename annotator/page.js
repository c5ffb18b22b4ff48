(() => {
  const page = {pasted: 0, pastedAfter: null, shown: 0, looks: 0, token: "", typed: 0, asked: 0,
    open: false, tile: -1, sent: 0};
  window.milanAnnotate = {
    telemetry: () => {
      arrived();
      return JSON.stringify(
        {pasted: page.pasted, pastedAfter: page.pastedAfter, looks: page.looks});
    },
    landed: () => landed(),
  };
  const one = (selector) => document.querySelector(selector);
  // the texts that are written here, in the campaign's language
  const say = (key, values) => {
    const found = one("#an-texts");
    const text = (found ? JSON.parse(found.dataset.texts) : {})[`page.${key}`] || "";
    return text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
  };
  const seen = (element) => element && element.offsetParent !== null;
  const box = () => one("#an-text textarea");
  const grids = () => [...document.querySelectorAll(".an-grid")].filter(seen);
  const touch = () => matchMedia("(hover: none) and (pointer: coarse)").matches;
  const narrow = () => matchMedia("(max-width: 600px)").matches;
  const typing = (element) => element && (element.isContentEditable
    || element.matches("textarea, select, input:not([type=radio], [type=checkbox])"));
  const reason = () => one("#an-reason textarea, #an-reason input");
  const press = (id) => {
    const button = one(`#${id}`);
    const target = button && (button.tagName === "BUTTON" ? button : button.querySelector("button"));
    if (target && !target.disabled) { target.click(); return true; }
    return false;
  };
  const pressSeen = (id) => seen(one(`#${id}`)) && press(id);
  const setText = (text) => {
    const area = box();
    const setter = Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, "value").set;
    setter.call(area, text);
    area.dispatchEvent(new Event("input", {bubbles: true}));
  };
  const store = (text) => {
    try {
      if (!page.token) return;
      if (text) localStorage.setItem("milan-draft", JSON.stringify({token: page.token, text}));
      else localStorage.removeItem("milan-draft");
    } catch (error) { /* private windows have no storage; the server's draft remains */ }
  };

  // drafts: a second after the last keystroke, and never later than 1.6 s after the first
  let timer = 0;
  const save = () => {
    clearTimeout(timer); timer = 0; page.typed = 0;
    if (!seen(box())) return;
    page.asked = Date.now();
    press("an-save");
  };
  document.addEventListener("input", (event) => {
    if (!event.target.closest("#an-text")) return;
    store(event.target.value); words();
    if (!page.typed) page.typed = Date.now();
    clearTimeout(timer);
    timer = setTimeout(save, Math.max(0, Math.min(1000, page.typed + 1600 - Date.now())));
  });
  // What is sent owns the box: no draft goes out behind it, and no word is typed that the next
  // picture set would take away. Without a network it would not come back, so the box stays open.
  const SENDS = "#an-submit, #an-no-pattern, #an-skip, #an-broken, #an-back, #an-yes, #an-no";
  document.addEventListener("click", (event) => {
    if (!event.target.closest || !event.target.closest(SENDS) || !seen(box())) return;
    clearTimeout(timer); timer = 0; page.typed = 0; page.asked = 0;
    if (!navigator.onLine) return;
    page.sent = Date.now();
    box().readOnly = true;
  }, true);
  const landed = () => {
    const area = box(), held = page.sent;
    page.sent = 0;
    if (!area || !held) return;
    area.readOnly = false;
    // not sent after all, but for a question: then the draft is kept as it would have been
    requestAnimationFrame(() => {
      arrived();
      if (one(".an-asks")) { one("#an-yes").focus(); return; }
      if (seen(area) && area.value && !timer) timer = setTimeout(save, 1000);
      if (seen(area) && document.activeElement === document.body) area.focus({preventScroll: true});
    });
  };
  document.addEventListener("visibilitychange", () => { if (document.hidden && timer) save(); });
  document.addEventListener("paste", (event) => {
    if (!event.target.closest || !event.target.closest("#an-text")) return;
    arrived();
    // how much and when, never what
    const length = (event.clipboardData ? event.clipboardData.getData("text") : "").length;
    if (length && page.pastedAfter === null)
      page.pastedAfter = Math.round(performance.now() - page.shown);
    page.pasted += length;
  });
  // looks again by itself while nothing can be claimed
  setInterval(() => { if (one("#an-frame [data-waits]")) pressSeen("an-again"); }, 20000);
  setInterval(() => {  // the draft was not acknowledged: say so and try again
    if (page.sent && (!navigator.onLine || Date.now() - page.sent > 30000)) landed();
    // a slow server is no lost one
    const patience = navigator.onLine ? 15000 : 3000;
    if (page.asked && Date.now() - page.asked > patience && seen(box())) {
      const line = one(".an-advice") || one(".an-hint");
      if (line) line.textContent = say("unsaved", {});
      save();
    }
  }, 1000);
  const words = () => {
    const count = one(".an-count"), area = box();
    if (!count || !area) return;
    const number = area.value.trim() ? area.value.trim().split(/\s+/).length : 0;
    const text = say(number === 1 ? "words_one" : "words_other", {n: number});
    if (count.textContent !== text) count.textContent = text;
  };

  // whole pictures while M is held
  const reveal = (open) => {
    arrived();
    if (open === page.open) return;
    page.open = open;
    if (open) page.looks += 1;
    for (const grid of grids()) {
      const [masked, whole] = [grid.querySelector(".an-masked"), grid.querySelector(".an-open")];
      if (!masked || !whole) continue;
      if (open && !whole.srcset) whole.srcset = narrow() ? whole.dataset.tall : whole.dataset.wide;
      masked.hidden = open; whole.hidden = !open;
    }
    if (page.tile >= 0) show(page.tile);
  };
  document.addEventListener("pointerdown", (event) => {
    if (event.target.closest("#an-look")) reveal(true);
  });
  for (const end of ["pointerup", "pointercancel", "blur"])
    window.addEventListener(end, () => reveal(false));

  // one tile, large
  const show = (tile) => {
    const grid = grids()[0];
    if (!grid) return;
    const tiles = Number(grid.dataset.tiles);
    page.tile = (tile + tiles) % tiles;
    let overlay = one(".an-overlay");
    if (!overlay) {
      overlay = document.createElement("dialog");  // keeps the focus inside, and gives it back
      overlay.className = "an-overlay";
      overlay.append(document.createElement("img"), document.createElement("span"));
      overlay.addEventListener("click", (event) => {
        if (event.target !== overlay.firstChild) { close(); return; }
        const place = event.target.getBoundingClientRect();
        show(page.tile + (event.clientX < place.left + place.width / 2 ? -1 : 1));
      });
      overlay.addEventListener("cancel", (event) => { event.preventDefault(); close(); });
      let from = null;
      overlay.addEventListener("touchstart", (event) => { from = event.touches[0].clientX; });
      overlay.addEventListener("touchend", (event) => {
        const moved = from === null ? 0 : event.changedTouches[0].clientX - from;
        from = null;
        // a swipe is no tap as well
        if (Math.abs(moved) > 40) { event.preventDefault(); show(page.tile + (moved < 0 ? 1 : -1)); }
      });
      document.body.append(overlay);
      overlay.showModal();
    }
    const name = `tile-${page.tile}${page.open ? "-open" : ""}`;
    overlay.firstChild.src = `/pictures/${grid.dataset.unitId}/${name}.jpg?v=${grid.dataset.version}`;
    const place = {n: page.tile + 1, total: tiles};
    overlay.firstChild.alt = say("tile", place);
    overlay.setAttribute("aria-label", say("tile", place));
    overlay.lastChild.textContent =
      `${say("place", place)} · ${say(touch() ? "swipe" : "arrows", {})}`;
  };
  const close = () => {
    const overlay = one(".an-overlay");
    if (overlay) { overlay.close(); overlay.remove(); }
    page.tile = -1;
  };
  document.addEventListener("click", (event) => {
    const image = event.target.closest && event.target.closest(".an-grid img");
    if (!image) return;
    const place = image.getBoundingClientRect();
    const tiles = Number(image.closest(".an-grid").dataset.tiles);
    const columns = narrow() ? 3 : 5, rows = Math.ceil(tiles / columns);
    const at = (part, size, count) => Math.min(count - 1, Math.floor(count * part / size));
    const tile = columns * at(event.clientY - place.top, place.height, rows)
      + at(event.clientX - place.left, place.width, columns);
    if (tile < tiles) show(tile);
  });

  // with Alt, so that they work in the box too and no plain letter is ever one of them
  const ALT_KEYS = {n: "an-no-pattern", s: "an-skip", b: "an-broken"};
  const letterOf = (event) => {  // on a Mac, Alt+N types another sign: then the key's place counts
    const letter = event.key.toLowerCase();
    return event.altKey && !/^[a-z]$/.test(letter) && /^Key[A-Z]$/.test(event.code)
      ? event.code[3].toLowerCase() : letter;
  };
  const KEYS = {a: "an-approve", q: "an-requeue", u: "an-undo"};
  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key === "Enter") {
      const refusing = document.activeElement.closest("#an-reason") ? ["an-reject"] : [];
      page.refused = refusing.length > 0 && reason().value.trim() !== "";
      for (const id of [...refusing, "an-submit", "an-hand-in", "an-rate-submit"])
        if (pressSeen(id)) {
          event.preventDefault();
          // arrows would change the next set's marks
          if (id === "an-rate-submit") document.activeElement.blur();
          return;
        }
      return;
    }
    if (page.tile >= 0) {
      const step = {ArrowRight: 1, ArrowLeft: -1, ArrowDown: 5, ArrowUp: -5}[event.key];
      if (event.key === "Escape" || event.key === "Enter") { event.preventDefault(); close(); return; }
      if (step) { event.preventDefault(); show(page.tile + step); return; }
    }
    if (event.key === "Escape" && document.activeElement === reason()) { reason().blur(); return; }
    const letter = letterOf(event);
    if (event.altKey && !event.ctrlKey && !event.metaKey && !event.shiftKey
        && !event.getModifierState("AltGraph") && ALT_KEYS[letter] && seen(one(`#${ALT_KEYS[letter]}`))) {
      event.preventDefault();
      if (!event.repeat) press(ALT_KEYS[letter]);
      return;
    }
    const inBox = typing(document.activeElement);
    if (letter === "m" && !event.repeat && !event.ctrlKey && !event.metaKey
        && (!inBox || event.altKey) && grids().length) {
      event.preventDefault(); reveal(true); return;
    }
    if (inBox || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    if (event.key === "Enter" && document.activeElement.classList.contains("an-grid")) {
      event.preventDefault(); show(0); return;
    }
    // refusing needs a reason first: the key leads to its box, Ctrl+Enter there refuses
    if (letter === "r" && seen(reason())) { event.preventDefault(); reason().focus(); return; }
    if (KEYS[letter] && pressSeen(KEYS[letter])) { event.preventDefault(); return; }
    // by the key's place too, since Shift makes another sign of a digit
    const digit = /^Digit([1-5])$/.exec(event.code) || /^([1-5])$/.exec(event.key);
    if (digit) window.milanRate(Number(digit[1]), event.shiftKey);
  });
  document.addEventListener("keyup", (event) => {
    if (event.key.toLowerCase() === "m" || event.key === "Alt") reveal(false);
  });

  // rating by keys: each digit marks the next description, with Shift it picks the best
  window.milanRate = (mark, best) => {
    if (best) {
      const pick = one("#an-rate-best");
      const choice = seen(pick) && pick.querySelectorAll("input")[mark - 1];
      if (choice) choice.click();
      return;
    }
    const cards = [...document.querySelectorAll(".an-rate")].filter(seen);
    const open = cards.find((card) => !card.querySelector("input:checked"));
    if (!open) return;
    const choice = open.querySelectorAll("input")[mark - 1];
    if (choice) choice.click();
  };

  // a new unit: fresh counters, at the latest before anything is counted for it or sent with it
  const arrived = () => {
    const grid = grids().find((each) => each.dataset.token);
    if (!grid || grid.dataset.token === page.token) return;
    Object.assign(page, {first: !page.token, fresh: true, token: grid.dataset.token, pasted: 0,
      pastedAfter: null, looks: 0, asked: 0, open: false, shown: performance.now()});
    clearTimeout(timer); timer = 0; page.typed = 0;
  };

  // then the cursor in the box, and times in the reader's zone
  const settle = () => {
    for (const time of document.querySelectorAll("time.an-time:not([data-local])")) {
      const date = new Date(time.dateTime);
      time.dataset.local = "1";
      time.title = date.toLocaleString();
      time.textContent = date.toDateString() === new Date().toDateString()
        ? date.toLocaleTimeString([], {hour: "2-digit", minute: "2-digit"})
        : date.toLocaleString([], {dateStyle: "medium", timeStyle: "short"});
    }
    for (const code of document.querySelectorAll("code.an-here"))  // as platforms fill it in
      if (!code.dataset.full) {
        code.dataset.full = "1";
        code.textContent = location.origin + code.dataset.path;
      }
    for (const link of document.querySelectorAll("a.an-link"))  // in full, to be copied
      if (link.textContent !== link.href) link.textContent = link.href;
    // the answer is refused and another one here: letters are keys again
    if (page.refused && reason() && !reason().value) { page.refused = false; reason().blur(); }
    arrived();
    const saved = one(".an-hint[data-saved]");
    if (saved) {
      const own = !saved.dataset.token || saved.dataset.token === page.token;
      // an acknowledgement that comes late is not about the next picture set
      saved.style.visibility = own ? "" : "hidden";
      // with nothing saved too: the picture set was answered in another window
      if (own && saved !== page.saved) { page.saved = saved; page.asked = 0; }
    }
    if (page.fresh) {
      page.fresh = false;
      close();
      const area = box();
      if (area) {
        const here = !page.first || innerWidth > 700 ? area : grids()[0];
        here.focus({preventScroll: true});
        // header and tabs step back: pictures, box and button are on one screen
        one("#an-bar").scrollIntoView();
        try {
          const kept = JSON.parse(localStorage.getItem("milan-draft") || "{}");
          if (kept.token === page.token && kept.text && !area.value) setText(kept.text);
        } catch (error) { /* no storage */ }
      }
    }
    words();
    speak();
    follow();
    if (touch())  // no keys, no words of keys
      for (const button of document.querySelectorAll(".an-keys button")) {
        const plain = button.textContent.replace(/ · (Ctrl|Alt)\+\w+/, "").replace(" M", "");
        if (plain !== button.textContent) button.textContent = plain;
      }
    refocus();
  };
  // the annotator's page is in its language and direction, the tabs around it are not
  const speak = () => {
    const found = one("#an-texts"), frame = one("#an-frame");
    const whole = found && frame && frame.parentElement;
    if (!whole || (whole.dir === found.dir && whole.lang === found.lang)) return;
    whole.dir = found.dir; whole.lang = found.lang;
    one("h1.an-heard").textContent = say("heading", {});
  };
  // the end of a participant's part: back to where they came from, once and after it can be read
  const follow = () => {
    const link = one("a.an-follow");
    if (!link || page.followed === link.href || link.protocol !== "https:") return;
    page.followed = link.href;
    setTimeout(() => { if (link.isConnected) location.assign(link.href); }, 8000);
  };
  // what had the focus is gone with its part of the page: it goes to what stands there now
  document.addEventListener("focusin", (event) => { page.focused = event.target; });
  const refocus = () => {
    const active = document.activeElement, last = page.focused;
    if (!last || !last.closest || (active && active !== document.body)) return;
    if (last.isConnected && seen(last)) return;
    const next = [box(), ...document.querySelectorAll("#an-message, #an-part-testing")].find(seen);
    if (!next) return;
    if (next !== box()) next.tabIndex = -1;
    next.focus({preventScroll: true});
  };
  let waiting = false;
  new MutationObserver(() => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => { waiting = false; settle(); });
  }).observe(document.documentElement, {childList: true, subtree: true, characterData: true});
})();
