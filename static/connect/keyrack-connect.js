// Opens Keyrack's connect page for one of your users, as a dialog or in a window, and tells what was connected.
//
//   const { connected } = await KeyrackConnect.open({ url });
//
// `url` is what your backend was answered to POST /api/v1/connect-sessions, with the origin of your page. Nothing that
// somebody enters there ever reaches your page.
(() => {
  "use strict";

  const PATIENCE = 20_000;
  const NAME = "keyrack-connect";
  const NOT_OPENED =
    "The connect page did not open. Is this origin registered in Keyrack, and does the page send it (Referrer-Policy)?";

  // The link goes into a form and never into an address: addresses are logged.
  const send = (url, target) => {
    const { origin, pathname } = new URL(url);
    const form = document.createElement("form");
    form.method = "post";
    form.action = `${origin}/connect/session`;
    form.target = target;
    form.hidden = true;
    const field = document.createElement("input");
    field.name = "link";
    field.value = pathname.split("/").pop();
    form.append(field);
    document.body.append(form);
    form.submit();
    form.remove();
  };

  const styled = (element, rules) => {
    // Set one by one: a policy against inline styles lets that through.
    Object.entries(rules).forEach(([name, value]) => element.style.setProperty(name, value));
    return element;
  };

  const dialog = (label) => {
    const frame = document.createElement("iframe");
    const name = `${NAME}-${crypto.randomUUID?.() ?? Date.now()}`;
    frame.name = name;
    frame.title = label;
    styled(frame, { border: "0", display: "block", width: "100%", height: "100%" });
    const box = document.createElement("dialog");
    box.setAttribute("aria-label", label);
    styled(box, {
      border: "0",
      padding: "0",
      width: "min(480px, 100vw)",
      height: "min(680px, 100dvh)",
      "max-width": "100vw",
      "max-height": "100dvh",
      "border-radius": "12px",
      overflow: "hidden",
      "box-shadow": "0 16px 48px rgb(0 0 0 / 32%)",
    });
    // The page has a button of its own. Where an error stands in its place, this one leads out.
    const out = document.createElement("button");
    out.textContent = "Close";
    out.hidden = true;
    styled(out, { position: "absolute", top: "12px", right: "12px", font: "inherit", padding: "6px 12px" });
    out.addEventListener("click", () => box.close());
    let silent;
    frame.addEventListener("load", () => {
      clearTimeout(silent);
      silent = setTimeout(() => (out.hidden = false), 1500);
    });
    box.append(frame, out);
    document.body.append(box);
    box.showModal();
    return {
      target: name,
      source: () => frame.contentWindow,
      heard: () => {
        clearTimeout(silent);
        out.hidden = true;
      },
      onGone: (gone) => box.addEventListener("close", gone),
      close: () => {
        box.close();
        box.remove();
      },
    };
  };

  const popup = () => {
    const name = `${NAME}-window`;
    const opened = window.open("about:blank", name, "popup,width=480,height=720");
    if (!opened) throw new Error("The browser did not open a window. Call open() when somebody presses a button.");
    let watch;
    return {
      target: name,
      source: () => opened,
      onGone: (gone) => {
        watch = setInterval(() => opened.closed && gone(), 500);
      },
      close: () => {
        clearInterval(watch);
        opened.close();
      },
    };
  };

  const open = ({ url, mode = "dialog", label = "Connect an account", onEvent } = {}) =>
    new Promise((resolve, reject) => {
      const { origin } = new URL(url);
      const place = mode === "popup" ? popup() : dialog(label);
      const connected = new Map();
      let ready = false;

      const end = (settle) => {
        clearTimeout(patience);
        removeEventListener("message", hear);
        place.close();
        settle();
      };
      const done = () => end(() => resolve({ connected: [...connected.values()] }));
      // A window that was closed before it showed anything was an error, and not somebody who had enough.
      const gone = () => (ready ? done() : end(() => reject(new Error(NOT_OPENED))));

      // Only that window is heard, and only while it shows Keyrack.
      const hear = (message) => {
        if (message.origin !== origin || message.source !== place.source()) return;
        if (message.data?.keyrack !== "connect") return;
        const { event, nodeType, account } = message.data;
        ready = true;
        if (event === "ready") place.heard?.();
        if (event === "connected") connected.set(nodeType, { nodeType, account });
        if (event === "disconnected") connected.delete(nodeType);
        if (event !== "ready" && event !== "close") onEvent?.({ event, nodeType, account });
        if (event === "close") done();
      };

      const patience = setTimeout(() => {
        if (!ready) end(() => reject(new Error(NOT_OPENED)));
      }, PATIENCE);

      addEventListener("message", hear);
      place.onGone(gone);
      send(url, place.target);
    });

  window.KeyrackConnect = Object.freeze({ open });
})();
