// Pages follow what happens: Server-Sent Events say what a change was about, and only those
// regions of the page that are about it are fetched and swapped. Works without: reload the page.
"use strict";

const live = (() => {
  const LOOK_AGAIN_MS = 15000;
  const LEAST_APART_MS = 400;
  const ALL = "all";
  const light = document.getElementById("live");

  const regions = () => [...document.querySelectorAll("[data-live]")];

  // An item in which somebody is at work is left alone until they are done.
  const isBusy = (item) =>
    item.querySelector("details.reject[open], details.form[open], [data-slot]:not(:empty)") !== null ||
    (item.contains(document.activeElement) &&
      document.activeElement.matches("input:not([type=checkbox]), select, textarea"));

  const OWN = ["current", "arrived", "unsettled"];
  const copyClass = (known, item) => {
    const kept = OWN.filter((name) => known.classList.contains(name));
    known.className = item.className;
    known.classList.add(...kept);
  };

  const seenOf = (item) => item.querySelector("input[name=seen]")?.value;

  const keepPick = (known, item) => {
    const before = known.querySelector(".pick input");
    const after = item.querySelector(".pick input");
    if (!before?.checked || !after) return;
    // What was chosen was what it showed; if that has moved, it has to be chosen again.
    if (before.value === after.value) after.checked = true;
    else document.dispatchEvent(new CustomEvent("unpicked"));
  };

  const swapItem = (known, item) => {
    const open = known.querySelector("details.more-of")?.open;
    keepPick(known, item);
    if (seenOf(known) !== seenOf(item)) hand.arrive(known);
    copyClass(known, item);
    if (item.dataset.mark) known.dataset.mark = item.dataset.mark;
    known.replaceChildren(...item.childNodes);
    if (open) known.querySelector("details.more-of")?.setAttribute("open", "");
  };

  // What has the focus keeps it, though its row is moved or made again.
  const keepFocus = () => {
    const held = document.activeElement;
    if (!held || held === document.body) return () => {};
    const { id } = held;
    const list = held.closest("[data-list]");
    return () => {
      if (document.activeElement !== document.body) return;
      const again = held.isConnected ? held : id && document.getElementById(id);
      (again || list || document.getElementById("go-on"))?.focus({ preventScroll: true });
    };
  };

  const put = (list, item, place) => {
    if (list.moveBefore) list.moveBefore(item, place);
    else list.insertBefore(item, place);
  };

  // A row that is not in the queue any more goes, or stays as it is while a hand is over it.
  const dismiss = (gone, isHeld) => {
    if (gone.matches(".room")) { if (!isHeld) gone.remove(); return isHeld; }
    const pick = gone.querySelector(".pick input:checked");
    if (pick) { pick.checked = false; document.dispatchEvent(new CustomEvent("unpicked")); }
    if (isHeld || isBusy(gone)) {
      gone.classList.add("gone");
      gone.inert = !isBusy(gone);
      return isHeld;
    }
    hand.lose(gone);
    return false;
  };

  const bringBack = (known) => {
    known.classList.remove("gone");
    known.inert = false;
  };

  // Replaces only what differs, item by item, so that focus and scroll stay where they are. While a
  // hand is over the list its rows keep their places; says whether anything was left for later.
  const morphList = (old, next) => {
    const isHeld = hand.isHeld() && old.querySelector("li.hold, li.room") !== null;
    const before = new Map([...old.children].map((item) => [item.id, item]));
    const wanted = new Set([...next.children].map((item) => item.id));
    let skipped = false;
    let news = 0;
    for (const [id, item] of before) if (!wanted.has(id) && dismiss(item, isHeld)) skipped = true;
    let place = old.firstElementChild;
    for (const item of [...next.children]) {
      const known = before.get(item.id);
      if (!known && item.hasAttribute("data-same")) continue;
      if (!known && isHeld) {
        skipped = true;
        if (item.matches(".hold")) news += 1;
        continue;
      }
      if (!known) {
        old.insertBefore(item, place);
        if (item.matches(".hold")) item.classList.add("fresh");
        continue;
      }
      if (known !== place && isHeld) skipped = true;
      else if (known !== place) put(old, known, place);
      place = known.nextElementSibling;
      bringBack(known);
      if (item.hasAttribute("data-same")) continue;
      if (isBusy(known)) { skipped = true; continue; }
      if (known.innerHTML !== item.innerHTML) swapItem(known, item);
    }
    hand.news(news);
    return skipped;
  };

  // A region with a list keeps the list itself: everything around it is swapped, then its rows.
  const swapAround = (region, fresh, list, next) => {
    const skipped = morphList(list, next);
    for (const part of fresh.querySelectorAll("[id]")) {
      const known = region.querySelector(`#${CSS.escape(part.id)}`);
      if (part.contains(next) || next.contains(part) || !known) continue;
      if (known.innerHTML !== part.innerHTML) known.innerHTML = part.innerHTML;
    }
    const pager = region.querySelector(".pager, .more");
    const after = fresh.querySelector(".pager, .more");
    if (pager && after) pager.replaceWith(after);
    else if (pager) pager.remove();
    else if (after) list.after(after);
    return skipped;
  };

  const swap = (region, told) => {
    const made = document.createElement("template");
    made.innerHTML = told.html;
    const fresh = made.content;
    const list = region.querySelector("[data-list]");
    const next = fresh.querySelector("[data-list]");
    let skipped = false;
    if (list && next) {
      skipped = swapAround(region, fresh, list, next);
    } else {
      if (isBusy(region)) return;
      const open = [...region.querySelectorAll("details[open][id]")].map((one) => one.id);
      const seen = seenOf(region);
      region.replaceChildren(fresh);
      open.forEach((id) => document.getElementById(id)?.setAttribute("open", ""));
      const one = region.querySelector(".hold.one");
      if (one && seen !== seenOf(region)) hand.arrive(one);
    }
    region.hidden = told.html === "";
    // What was left alone is asked for again.
    region.dataset.mark = skipped ? "" : told.mark;
    document.dispatchEvent(new CustomEvent("swapped", { detail: region.id }));
  };

  const have = (asked) => {
    const marks = asked.map((region) => `${region.id}=${region.dataset.mark}`);
    const rows = document.querySelectorAll("[data-rows] > [data-mark]");
    return [...marks, ...[...rows].map((row) => `${row.id}=${row.dataset.mark}`)].join(" ");
  };

  const about = (topics) => {
    const wanted = new Set(topics);
    return regions().filter((region) =>
      region.dataset.live.split(" ").some((topic) => topic === ALL && wanted.has(ALL)) ||
      region.dataset.live.split(" ").some((topic) => topic !== ALL && wanted.has(topic)) ||
      region.id === "clock");
  };

  // Whoever logs out is on the way to another page, which a reload of this one would call off.
  // A download begins in the same way and leaves the page where it is, so it ends by itself.
  let leaving = false;
  addEventListener("beforeunload", () => {
    leaving = true;
    setTimeout(() => { leaving = false; }, LOOK_AGAIN_MS);
  });

  const fetchRegions = async (asked) => {
    const where = new URL(location.href);
    where.searchParams.set("part", asked.map((region) => region.id).join(","));
    where.searchParams.delete("said");
    const answer = await fetch(where, {
      headers: { Accept: "application/json", "X-Have": have(asked) },
    });
    if (answer.status === 401) { if (!leaving) location.reload(); return; }
    if (!answer.ok) return;
    const told = (await answer.json()).regions;
    const [settle, refocus] = [hand.watch(), keepFocus()];
    for (const [name, one] of Object.entries(told)) {
      const region = document.getElementById(name);
      if (region) swap(region, one);
    }
    refocus();
    settle();
  };

  let looking = false;
  let last = 0;
  const waiting = new Set();
  const look = async (topics = [ALL]) => {
    topics.forEach((topic) => waiting.add(topic));
    if (looking) return;
    looking = true;
    while (waiting.size) {
      const wait = last + LEAST_APART_MS - performance.now();
      if (wait > 0) await new Promise((done) => setTimeout(done, wait));
      last = performance.now();
      const now = [...waiting];
      waiting.clear();
      try { await fetchRegions(about(now)); } catch { /* the stream says when it is back */ }
    }
    looking = false;
  };

  const follow = () => {
    if (!light || !regions().length || !window.EventSource) return;
    const text = light.querySelector("span");
    const on = text.textContent;
    const stream = new EventSource("/v1/stream");
    let asleep = false;
    stream.addEventListener("changed", (event) => {
      if (document.hidden) { asleep = true; return; }
      look(JSON.parse(event.data).topics);
    });
    stream.addEventListener("open", () => {
      light.hidden = false;
      light.classList.remove("off");
      text.textContent = on;
    });
    stream.addEventListener("error", () => {
      light.hidden = false;
      light.classList.add("off");
      text.textContent = document.body.dataset.liveOff;
    });
    // Ages and deadlines move though nothing happens.
    setInterval(() => { if (!document.hidden) look(); }, LOOK_AGAIN_MS);
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden && asleep) { asleep = false; look(); }
    });
    addEventListener("pagehide", () => stream.close());
  };

  // What waited for the hand to leave the list comes now.
  document.addEventListener("released", () => {
    hand.news(0);
    if (regions().some((region) => region.dataset.mark === "")) look(["reviews"]);
  });
  document.documentElement.classList.add("scripted");
  follow();
  return { look, swap, fetchRegions, regions };
})();
