// The page on which end users connect: tells the site that holds it what has come about, and waits for providers.
// It tells one registered origin, and never what was entered.
(() => {
  "use strict";

  const root = document.getElementById("connect");
  if (!root) return;
  const { origin, session, told, nodeType, account } = root.dataset;
  const other = window.parent === window ? window.opener : window.parent;

  const tell = (message) => {
    if (other && origin) other.postMessage({ keyrack: "connect", session, ...message }, origin);
  };

  const close = () => {
    tell({ event: "close" });
    if (window.parent === window && window.opener) window.close();
  };

  // In a frame on another site browsers do not go to a field by themselves.
  (document.querySelector("[autofocus]") ?? document.getElementById("main")).focus({ preventScroll: true });

  tell({ event: "ready" });
  if (told) tell({ event: told, nodeType, account });

  // Whoever has opened the link by hand finds nothing to close it, and the site that holds it no way out of itself.
  root.querySelectorAll("[data-close]").forEach((button) => {
    button.hidden = !other;
    button.addEventListener("click", close);
  });
  root.querySelectorAll("[data-alone]").forEach((part) => (part.hidden = Boolean(other && origin)));
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !event.defaultPrevented && !document.querySelector(":popover-open")) close();
  });

  // Somebody goes on to a provider in a window of its own: whatever becomes of that window, the answer comes from here.
  const away = document.getElementById("away");
  const onward = document.getElementById("onward");
  let waiting = false;

  const ask = async () => {
    const { status, stamp, nodeType: wanted } = away.dataset;
    const answer = await fetch(status, { method: "POST", body: new URLSearchParams(new FormData(onward)) });
    if (answer.status === 503) return false;
    const { open, results } = await answer.json();
    const came = results[wanted];
    if (open && !(came && came.stamp > Number(stamp))) return false;
    if (came) tell({ event: came.outcome, nodeType: wanted, account: came.account });
    return true;
  };

  const wait = async () => {
    if (!waiting) return;
    const over = await ask().catch(() => false);
    if (over && waiting) return onward.submit();
    setTimeout(wait, 1500);
  };

  away?.addEventListener("submit", () => {
    document.getElementById("waiting").hidden = false;
    if (!waiting) setTimeout(wait, 1500);
    waiting = true;
  });

  // Whoever does not wait for the page goes on by hand: the site hears of it all the same.
  document.addEventListener("submit", async (event) => {
    if (!waiting || event.target === away) return;
    event.preventDefault();
    waiting = false;
    await ask().catch(() => false);
    event.target.submit();
  });
})();
