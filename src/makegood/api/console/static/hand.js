// Where the hand of whoever works here is. What has only just come under it, under the pointer or
// under the cursor of the keyboard, is not decided on: nobody can have seen it yet.
"use strict";

const hand = (() => {
  const SETTLE_MS = 600;
  const CLICK_MS = 900;
  // A pointer that lies still this long is one that nobody holds.
  const IDLE_MS = 30000;
  const MOVED_PX = 3;
  const timers = new WeakMap();
  const at = { x: -1, y: -1 };
  let isOver = false;
  let movedAt = -Infinity;
  let pressedAt = -Infinity;

  const rows = () => [...document.querySelectorAll("[data-list] > li.hold")];
  const now = () => performance.now();

  // Rows that come, go and change places wait while this is so.
  const isHeld = () =>
    (isOver && now() - movedAt < IDLE_MS) || now() - pressedAt < CLICK_MS;

  const letGo = () => {
    isOver = false;
    pressedAt = -Infinity;
    document.dispatchEvent(new CustomEvent("released"));
  };

  const mark = (row, name) => {
    const known = timers.get(row) || {};
    row.classList.add(name);
    clearTimeout(known[name]);
    known[name] = setTimeout(() => row.classList.remove(name), SETTLE_MS);
    timers.set(row, known);
  };

  // The cursor has come to this row by itself, or what it shows has changed.
  const arrive = (row) => mark(row, "arrived");

  // The row that stays where it is on the screen, whatever happens above it.
  const anchor = () => document.querySelector("li.hold:hover")
    || document.activeElement?.closest?.("li.hold") || document.querySelector("li.hold.current");

  // Call before rows change; call what it returns after.
  const watch = () => {
    const before = new Map(rows().map((row) => [row, row.getBoundingClientRect().top]));
    const still = anchor();
    return () => {
      if (still?.isConnected && before.has(still)) {
        const by = still.getBoundingClientRect().top - before.get(still);
        if (Math.abs(by) > 1) scrollBy({ top: by, behavior: "instant" });
      }
      for (const row of rows()) {
        const was = before.get(row);
        const is = row.getBoundingClientRect().top;
        if (was === undefined || Math.abs(is - was) > MOVED_PX) mark(row, "unsettled");
      }
    };
  };

  const neighbour = (row) => {
    const all = rows();
    const place = all.indexOf(row);
    return all[place + 1] || all[place - 1] || null;
  };

  // Takes a row away that somebody else's doing ends; the cursor then is nowhere.
  const lose = (row) => {
    const wasCurrent = row.classList.contains("current");
    const next = neighbour(row);
    row.remove();
    if (wasCurrent) document.dispatchEvent(new CustomEvent("lost", { detail: { next } }));
  };

  // Leaves the room of a row that was decided on, so that no other comes under the pointer.
  const takeAway = (row, said) => {
    const settle = watch();
    if (isHeld()) {
      const room = document.createElement("li");
      room.className = "room small muted";
      room.id = row.id.replace("hold-", "room-");
      room.style.height = `${row.offsetHeight}px`;
      room.textContent = [row.querySelector("h3")?.textContent, said].filter(Boolean).join(" · ");
      row.replaceWith(room);
    } else {
      row.remove();
    }
    settle();
  };

  const news = (number) => {
    const place = document.getElementById("news");
    if (!place) return;
    place.hidden = number === 0;
    if (number) place.textContent = document.body.dataset.news.replace("{n}", String(number));
  };

  document.addEventListener("pointermove", (event) => {
    if (event.pointerType === "touch" || (event.clientX === at.x && event.clientY === at.y)) return;
    [at.x, at.y, movedAt] = [event.clientX, event.clientY, now()];
    const was = isOver;
    isOver = event.target.closest?.("[data-list]") != null;
    if (was && !isOver) letGo();
  });
  document.documentElement.addEventListener("pointerleave", (event) => {
    if (isOver && event.pointerType !== "touch") letGo();
  });
  document.addEventListener("pointerdown", (event) => {
    if (!event.target.closest?.("[data-list]")) return;
    pressedAt = now();
    if (event.pointerType !== "touch") { isOver = true; movedAt = now(); return; }
    setTimeout(() => { if (!isHeld()) letGo(); }, CLICK_MS + 50);
  }, true);
  // Whoever types has left the pointer where it was.
  for (const kind of ["keydown", "input"]) {
    document.addEventListener(kind, (event) => {
      if (event.target.matches?.("input[type=checkbox], select") && kind === "input") return;
      if (isOver) letGo();
    }, true);
  }

  return { isHeld, letGo, arrive, watch, neighbour, lose, takeAway, news };
})();
