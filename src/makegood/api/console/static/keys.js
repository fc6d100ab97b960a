// The keyboard: one row is the current one, and a letter does to it what its buttons do.
"use strict";

(() => {
  const help = document.getElementById("keys");
  const button = document.getElementById("keys-button");
  const rows = () => [...document.querySelectorAll("li.hold")];
  const current = () => document.querySelector("li.hold.current") || document.querySelector(".hold.one");

  const mark = (row) => {
    for (const other of document.querySelectorAll("li.hold.current")) {
      if (other !== row) other.classList.remove("current");
    }
    row.classList.add("current");
  };

  const show = (row, scroll = true) => {
    if (!row?.matches?.(".hold")) return;
    for (const other of document.querySelectorAll("li.hold.current details.more-of[open]")) {
      if (!row.contains(other)) other.removeAttribute("open");
    }
    mark(row);
    row.querySelector("details.more-of")?.setAttribute("open", "");
    row.focus({ preventScroll: true });
    if (scroll) row.scrollIntoView({ block: "nearest" });
  };

  const follow = (selector) => document.querySelector(selector)?.click();

  // Where the cursor was when its row went: the row that stands there now.
  let resume = null;

  const onward = () => follow(".pager a[rel=next], #next-hold");

  const step = (by) => {
    const all = rows();
    // On the page of one hold the next is a page of its own.
    if (!all.length && by > 0 && document.querySelector(".hold.one")) onward();
    if (!all.length) return;
    const place = all.indexOf(document.querySelector("li.hold.current"));
    const from = place < 0 ? Math.max(0, all.indexOf(resume)) - (by > 0 ? 1 : 0) : place;
    show(all[Math.min(all.length - 1, Math.max(0, from + by))]);
  };

  const press = (selector) => {
    const found = current()?.querySelector(selector);
    if (found && !found.disabled) found.click();
  };

  // A key that decides acts on a row that the person has gone to and can have seen.
  const mayDecide = () => {
    const row = current();
    if (row && !row.inert && !row.matches(".arrived")) return true;
    if (row || rows().length) {
      desk.say(document.body.dataset[row?.matches(".arrived") ? "arrived" : "nowhere"], true);
    }
    return false;
  };

  const approve = () => {
    if (desk.hasPicked()) { desk.askBatch("approve"); return; }
    if (!mayDecide() || current().querySelector(".reject[open]")) return;
    press(".decide form button.primary");
  };

  const reject = () => {
    if (desk.hasPicked()) desk.askBatch("reject");
    else if (mayDecide()) press("details.reject summary");
  };

  const openTools = async (name) => {
    const row = current();
    if (!row) return;
    let place = document.getElementById("tools");
    if (row.matches("li")) {
      place = row.querySelector("[data-slot]");
      const where = row.querySelector("h3 a")?.getAttribute("href");
      if (!place || !where) return;
      if (!place.childElementCount) {
        const answer = await fetch(`${where}?part=tools`, { headers: { Accept: "application/json" } });
        if (!answer.ok) return;
        place.innerHTML = (await answer.json()).regions.tools?.html || "";
      }
    }
    const tool = place?.querySelector(`[data-tool="${name}"]`);
    if (!tool) return;
    if (tool.matches("button")) { tool.click(); return; }
    tool.setAttribute("open", "");
    tool.querySelector("input:not([type=hidden]), textarea, select")?.focus();
    tool.scrollIntoView({ block: "nearest" });
  };

  const close = () => {
    if (help?.open) { help.close(); return; }
    const slot = current()?.querySelector("[data-slot]");
    slot?.replaceChildren();
    for (const one of document.querySelectorAll("details.reject[open], details.form[open]")) {
      one.removeAttribute("open");
    }
    desk.hush();
    const row = document.querySelector("li.hold.current");
    if (row) {
      row.focus({ preventScroll: true });
      row.scrollIntoView({ block: "nearest" });
    } else document.activeElement?.blur();
  };

  const actions = {
    j: () => step(1), ArrowDown: () => step(1),
    k: () => step(-1), ArrowUp: () => step(-1),
    a: approve,
    r: reject,
    A: () => desk.askBatch("approve"),
    R: () => desk.askBatch("reject"),
    e: () => openTools("edit"),
    c: () => openTools("claim"),
    i: () => openTools("ask"),
    x: () => press(".pick input"),
    X: () => follow("#pick-all"),
    u: () => follow(".undo:not(.all) button"),
    U: () => follow(document.querySelector(".undo.all") ? ".undo.all button" : ".undo button"),
    o: () => follow("li.hold.current h3 a"), Enter: () => follow("li.hold.current h3 a"),
    n: onward, p: () => follow(".pager a[rel=prev]"),
    "/": () => document.querySelector("[data-search]")?.focus(),
    "?": () => help?.showModal(),
  };

  // These may go on while their key is held down; a decision is one press.
  const MOVES = new Set(["j", "k", "ArrowDown", "ArrowUp"]);

  const isRepeated = (event) => {
    if (!event.repeat || MOVES.has(event.key)) return false;
    const pressesButton = event.target.matches?.("button, summary, a") && /^( |Enter)$/.test(event.key);
    return pressesButton || event.key in actions;
  };

  // In a list of reasons a digit chooses, and Enter sends.
  const inReasons = (event) => {
    const list = event.target;
    if (!list.matches?.("select[name=reason]")) return false;
    if (/^[1-9]$/.test(event.key) && Number(event.key) < list.options.length) {
      list.selectedIndex = Number(event.key);
    } else if (event.key === "Enter" && event.repeat) {
      // Still held down: it has sent already, or began elsewhere.
    } else if (event.key === "Enter") {
      // The button beside the list says what is sent; a form can have others.
      list.form.requestSubmit(list.closest(".stack").querySelector("button.danger"));
    } else {
      return false;
    }
    event.preventDefault();
    return true;
  };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape") { close(); return; }
    if (inReasons(event) || help?.open) return;
    const at = event.target;
    if (at.matches?.("input:not([type=checkbox]), select, textarea")) return;
    if (isRepeated(event)) { event.preventDefault(); return; }
    // Enter and arrows belong to whatever has the focus, unless that is a row.
    const isRow = at === document.body || at.matches?.("li.hold, main, [data-list]");
    if (!isRow && ["Enter", "ArrowDown", "ArrowUp"].includes(event.key)) return;
    const action = actions[event.key];
    if (!action) return;
    event.preventDefault();
    action();
  });

  document.addEventListener("left", (event) => {
    const { next, was } = event.detail;
    if (!was || !next) return;
    // Under a pointer nothing opens, as that would move what lies below.
    if (hand.isHeld()) { mark(next); next.focus({ preventScroll: true }); } else show(next);
    hand.arrive(next);
  });
  document.addEventListener("lost", (event) => { resume = event.detail.next; });
  document.addEventListener("turned", () => {
    show(rows()[0]);
    if (rows()[0]) hand.arrive(rows()[0]);
  });
  document.addEventListener("focusin", (event) => {
    const row = event.target.closest?.("li.hold.row");
    // Nothing may open or close under a finger that is about to press a button.
    if (row) mark(row);
  });

  if (button && help) {
    button.hidden = false;
    button.addEventListener("click", () => help.showModal());
  }
  if (document.querySelector(".rows")) show(rows()[0], false);
})();
