// Decisions are sent without leaving the page; filters go to the address; rows can be chosen.
"use strict";

const desk = (() => {
  const TOAST_MS = 7000;
  const TYPING_MS = 350;
  const toast = document.getElementById("toast");
  const body = document.body;
  let toastTimer = 0;

  const say = (text, bad) => {
    if (!toast || !text) return;
    toast.textContent = text;
    toast.classList.toggle("bad", Boolean(bad));
    toast.hidden = false;
    clearTimeout(toastTimer);
    toastTimer = setTimeout(() => { toast.hidden = true; }, TOAST_MS);
  };

  const hush = () => { if (toast) toast.hidden = true; };

  const send = async (form, submitter) => {
    const data = new FormData(form, submitter);
    const answer = await fetch(form.getAttribute("action"), {
      method: "POST",
      body: new URLSearchParams(data),
      headers: { Accept: "application/json" },
    });
    const told = await answer.json();
    const text = answer.ok ? told.said : [told.title, told.detail].filter(Boolean).join(" ");
    // What can be undone says so itself, in the bar with its button.
    if (!told.quiet) say(text, !answer.ok);
    return { ok: answer.ok, told };
  };

  // What decides on a hold takes its row away at once; the next row is where work goes on.
  const leave = (item, said) => {
    if (!item?.matches("li.hold")) return;
    const next = hand.neighbour(item);
    const was = item.classList.contains("current");
    hand.takeAway(item, said);
    document.dispatchEvent(new CustomEvent("left", { detail: { next, was } }));
  };

  const decide = async (form, submitter) => {
    const item = form.closest("[data-item]");
    const buttons = [...(item || form).querySelectorAll("button")];
    buttons.forEach((button) => { button.disabled = true; });
    let sent = null;
    try {
      sent = await send(form, submitter);
    } catch {
      buttons.forEach((button) => { button.disabled = false; });
      say(body.dataset.liveOff, true);
      return;
    }
    buttons.forEach((button) => { button.disabled = false; });
    if (sent.ok) {
      if (form.hasAttribute("data-stays")) hand.letGo();
      else if (!sent.told.stays) leave(item, sent.told.said);
      form.closest("[data-slot]")?.replaceChildren();
      form.closest("details")?.removeAttribute("open");
      if (!item?.matches("li.hold")) form.reset();
    } else if (form.closest("details.reject")) {
      form.closest("details").removeAttribute("open");
    }
    if (document.activeElement && form.contains(document.activeElement)) {
      document.activeElement.blur();
    }
    live.look();
  };

  // --- choosing several ---
  const picks = () => [...document.querySelectorAll(".pick input")];
  const chosenPicks = () => picks().filter((pick) => pick.checked);

  // The money of what is chosen, each currency by itself, as the server writes it.
  const sums = () => {
    const found = new Map();
    for (const { dataset } of chosenPicks()) {
      if (!dataset.currency) continue;
      const before = found.get(dataset.currency)?.minor || 0;
      found.set(dataset.currency, { minor: before + Number(dataset.minor), digits: dataset.digits });
    }
    return [...found].sort().map(([currency, { minor, digits }]) =>
      new Intl.NumberFormat(document.documentElement.lang, { style: "currency", currency })
        .format(`${minor}E-${digits}`)).join(" + ");
  };

  const summary = () => [
    body.dataset.selected.replace("{n}", String(chosenPicks().length)), sums(),
  ].filter(Boolean).join(" · ");

  const count = () => {
    const label = document.getElementById("picked");
    if (!label) return;
    const chosen = chosenPicks().length;
    label.dataset.none ||= label.textContent;
    label.textContent = chosen ? summary() : label.dataset.none;
    document.getElementById("batch").classList.toggle("active", chosen > 0);
    for (const pick of picks()) pick.closest(".row").classList.toggle("picked", pick.checked);
    const all = document.getElementById("pick-all");
    all.checked = chosen > 0 && chosen === picks().length;
    all.indeterminate = chosen > 0 && chosen < picks().length;
  };

  // A key goes as far as the button that decides on what is chosen, and says what it would do.
  const askBatch = (what) => {
    const form = document.getElementById("batch");
    if (!form) return;
    if (!chosenPicks().length) { say(body.dataset.unpicked, true); return; }
    const reject = form.querySelector("details.reject");
    if (what === "reject") {
      reject.setAttribute("open", "");
      reject.querySelector("select").focus({ preventScroll: true });
      form.scrollIntoView({ block: "nearest" });
      return;
    }
    reject.removeAttribute("open");
    form.querySelector("button.primary").focus({ preventScroll: true });
    const text = body.dataset.confirm.replace("{what}", summary());
    say(text);
    // Away from the button it is not true any more.
    const quiet = () => { if (toast.textContent === text) hush(); };
    form.querySelector("button.primary").addEventListener("blur", quiet, { once: true });
  };

  const sendBatch = async (form, submitter) => {
    if (form.hasAttribute("aria-busy")) return;
    form.setAttribute("aria-busy", "true");
    const sent = await send(form, submitter).catch(() => null);
    form.removeAttribute("aria-busy");
    if (!sent) { say(body.dataset.liveOff, true); return; }
    const settle = hand.watch();
    for (const id of sent.told.done || []) {
      const item = document.getElementById(`hold-${id}`);
      if (item) hand.lose(item);
    }
    settle();
    if (sent.ok) form.querySelector("details").removeAttribute("open");
    count();
    live.look();
  };

  // --- filters live in the address ---
  const narrow = async (form) => {
    const said = new URLSearchParams(new FormData(form));
    for (const [name, value] of [...said]) {
      if (!value || (name === "sort" && value === "urgent")) said.delete(name);
    }
    const query = said.toString();
    history.pushState(null, "", location.pathname + (query ? `?${query}` : ""));
    await refill();
  };

  const refill = async () => {
    document.querySelectorAll("[data-rows] > *").forEach((row) => { delete row.dataset.mark; });
    await live.fetchRegions(live.regions().filter((one) => one.dataset.live.includes("reviews")));
    count();
  };

  const turn = async (link) => {
    history.pushState(null, "", link.href);
    await refill();
    scrollTo({ top: 0 });
    document.dispatchEvent(new CustomEvent("turned"));
  };

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.closest(".arrived, .unsettled") && form.matches("form[data-decide]")) {
      // Focus may have been put back on a button of what nobody has seen as it is now.
      event.preventDefault();
      say(document.body.dataset.arrived, true);
    } else if (form.matches("form[data-decide]")) {
      event.preventDefault();
      decide(form, event.submitter);
    } else if (form.matches("form[data-batch]")) {
      event.preventDefault();
      if (event.submitter?.value) sendBatch(form, event.submitter);
    } else if (form.matches("form[data-filters]")) {
      event.preventDefault();
      narrow(form);
    }
  });

  document.addEventListener("change", (event) => {
    const changed = event.target;
    if (changed.id === "pick-all") {
      picks().forEach((pick) => { pick.checked = changed.checked; });
      count();
    } else if (changed.matches(".pick input")) {
      count();
    } else if (changed.matches("form[data-filters] select")) {
      narrow(changed.form);
    }
  });

  let typing = 0;
  document.addEventListener("input", (event) => {
    if (!event.target.matches("form[data-filters] input[type=search]")) return;
    clearTimeout(typing);
    typing = setTimeout(() => narrow(event.target.form), TYPING_MS);
  });

  document.addEventListener("click", (event) => {
    const link = event.target.closest("a");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (link.closest(".pager") && link.closest("#queue")) {
      event.preventDefault();
      turn(link);
    }
  });

  document.addEventListener("swapped", (event) => { if (event.detail === "queue") count(); });
  document.addEventListener("unpicked", () => { if (toast?.hidden) say(body.dataset.changed, true); });
  addEventListener("popstate", () => { if (location.pathname === "/review") refill(); });

  // Opening one rejection closes the others, and goes on to its first field.
  document.addEventListener("toggle", (event) => {
    const opened = event.target;
    // A reason that was chosen and left again is no part of what is decided then.
    if (opened.matches?.("#batch details.reject:not([open])")) {
      opened.querySelector("select").value = "";
    }
    if (!opened.matches?.("details.reject[open]")) return;
    document.querySelectorAll("details.reject[open]").forEach((one) => {
      if (one !== opened) one.removeAttribute("open");
    });
    opened.querySelector("select")?.focus({ preventScroll: true });
    opened.closest("#batch")?.scrollIntoView({ block: "nearest" });
  }, true);

  // Seconds to take an approval back run on between two looks.
  setInterval(() => {
    for (const one of document.querySelectorAll(".undo[data-left]")) {
      const left = Number(one.dataset.left) - 1;
      one.dataset.left = String(left);
      const shown = one.querySelector(".countdown");
      shown.textContent = shown.textContent.replace(/\d+/, String(Math.max(0, left)));
      if (left <= 0) live.look(["reviews"]);
    }
  }, 1000);

  document.querySelector("form[data-send-at-once]")?.submit();
  if (location.search.includes("said=")) {
    const where = new URL(location.href);
    where.searchParams.delete("said");
    history.replaceState(null, "", where.pathname + where.search);
    setTimeout(() => { if (toast) toast.hidden = true; }, TOAST_MS);
  }
  return { say, hush, askBatch, hasPicked: () => chosenPicks().length > 0 };
})();
