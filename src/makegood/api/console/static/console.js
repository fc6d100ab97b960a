// The console works without this file. With it, pages follow what happens (Server-Sent Events
// say when to look again), and decisions are sent without leaving the page.
"use strict";

(() => {
  const LOOK_AGAIN_MS = 15000;
  const LEAST_APART_MS = 400;
  const TOAST_MS = 7000;
  const body = document.body;
  const toast = document.getElementById("toast");
  const live = document.getElementById("live");
  let toastTimer = 0;

  const say = (text, bad) => {
    if (!toast || !text) return;
    toast.textContent = text;
    toast.classList.toggle("bad", Boolean(bad));
    toast.hidden = false;
    clearTimeout(toastTimer);
    toastTimer = setTimeout(() => { toast.hidden = true; }, TOAST_MS);
  };

  // An item in which somebody is at work is left alone until they are done.
  const isBusy = (item) =>
    item.querySelector("details.reject[open]") !== null ||
    (item.contains(document.activeElement) &&
      document.activeElement.matches("input, select, textarea"));

  // Replaces only what differs, item by item, so that focus and scroll stay where they are.
  const morphList = (old, next) => {
    const before = new Map([...old.children].map((item) => [item.id, item]));
    let place = old.firstElementChild;
    for (const item of [...next.children]) {
      const known = before.get(item.id);
      before.delete(item.id);
      if (!known) {
        old.insertBefore(item, place);
        if (item.matches(".hold")) item.classList.add("fresh");
        continue;
      }
      if (known !== place) old.insertBefore(known, place);
      place = known.nextElementSibling;
      if (isBusy(known) || known.innerHTML === item.innerHTML) continue;
      const held = known.contains(document.activeElement) ? document.activeElement.id : "";
      known.className = item.className;
      known.replaceChildren(...item.childNodes);
      if (held) document.getElementById(held)?.focus({ preventScroll: true });
    }
    for (const gone of before.values()) {
      if (!isBusy(gone)) { gone.remove(); continue; }
      gone.classList.add("gone");
    }
  };

  const morph = (next) => {
    for (const region of document.querySelectorAll("[data-live]")) {
      const fresh = next.getElementById(region.id);
      if (!fresh) continue;
      region.hidden = fresh.hidden;
      if (region.hasAttribute("data-list")) morphList(region, fresh);
      else if (region.innerHTML !== fresh.innerHTML && !isBusy(region)) {
        const held = region.contains(document.activeElement) ? document.activeElement.id : "";
        region.replaceChildren(...fresh.childNodes);
        if (held) document.getElementById(held)?.focus({ preventScroll: true });
      }
    }
    document.title = next.title;
  };

  let looking = false;
  let again = false;
  let last = 0;
  const look = async () => {
    if (looking) { again = true; return; }
    looking = true;
    const wait = last + LEAST_APART_MS - performance.now();
    if (wait > 0) await new Promise((done) => setTimeout(done, wait));
    last = performance.now();
    try {
      const answer = await fetch(location.pathname, { headers: { Accept: "text/html" } });
      if (answer.redirected && new URL(answer.url).pathname === "/login") {
        location.assign(answer.url);
        return;
      }
      if (answer.ok) {
        morph(new DOMParser().parseFromString(await answer.text(), "text/html"));
      }
    } catch { /* the stream will say when the daemon is back */ }
    looking = false;
    if (again) { again = false; look(); }
  };

  const follow = () => {
    if (!document.querySelector("[data-live]") || !window.EventSource) return;
    const text = live.querySelector("span");
    const on = text.textContent;
    const stream = new EventSource("/v1/stream");
    stream.addEventListener("changed", () => { if (!document.hidden) look(); });
    stream.addEventListener("open", () => {
      live.hidden = false;
      live.classList.remove("off");
      text.textContent = on;
    });
    stream.addEventListener("error", () => {
      live.hidden = false;
      live.classList.add("off");
      text.textContent = body.dataset.liveOff;
    });
    setInterval(() => { if (!document.hidden) look(); }, LOOK_AGAIN_MS);
    document.addEventListener("visibilitychange", () => { if (!document.hidden) look(); });
    addEventListener("pagehide", () => stream.close());
  };

  const decide = async (form) => {
    const item = form.closest("[data-item]");
    const next = item?.nextElementSibling?.querySelector("button, summary");
    const buttons = (item || form).querySelectorAll("button");
    buttons.forEach((button) => { button.disabled = true; });
    try {
      const answer = await fetch(form.action, {
        method: "POST",
        body: new URLSearchParams(new FormData(form)),
        headers: { Accept: "application/json" },
      });
      const told = await answer.json();
      say(answer.ok ? told.said : [told.title, told.detail].filter(Boolean).join(". "), !answer.ok);
      if (answer.ok && item?.matches(".hold")) {
        item.remove();
        (next || document.getElementById("queue-title"))?.focus({ preventScroll: true });
      } else {
        form.closest("details")?.removeAttribute("open");
        document.activeElement?.blur();
      }
    } catch {
      form.submit();
      return;
    }
    buttons.forEach((button) => { button.disabled = false; });
    look();
  };

  document.addEventListener("submit", (event) => {
    if (!event.target.matches("form[data-decide]")) return;
    event.preventDefault();
    decide(event.target);
  });

  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    document.querySelectorAll("details.reject[open]").forEach((one) => {
      one.removeAttribute("open");
      one.querySelector("summary").focus();
    });
  });

  // Opening one rejection closes the others, and goes on to its first field.
  document.addEventListener("toggle", (event) => {
    const opened = event.target;
    if (!opened.matches?.("details.reject[open]")) return;
    document.querySelectorAll("details.reject[open]").forEach((one) => {
      if (one !== opened) one.removeAttribute("open");
    });
    opened.querySelector("select")?.focus({ preventScroll: true });
  }, true);

  document.querySelector("form[data-send-at-once]")?.submit();
  if (location.search.includes("said=")) {
    history.replaceState(null, "", location.pathname);
    setTimeout(() => { if (toast) toast.hidden = true; }, TOAST_MS);
  }
  if (live) follow();
})();
