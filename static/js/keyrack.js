// Everything here is a convenience: each page does its whole work without it.
(() => {
  "use strict";

  const all = (selector, root = document) => [...root.querySelectorAll(selector)];

  const said = document.getElementById("said");

  // Copy buttons: `data-copy` holds the text, or `data-copy-from` names the element that shows it.
  const copy = async (button) => {
    const from = document.getElementById(button.dataset.copyFrom);
    try {
      await navigator.clipboard.writeText(from ? from.textContent : button.dataset.copy);
      button.dataset.copied = "";
      say(button, "Copied");
    } catch {
      if (from) getSelection().selectAllChildren(from);
      say(button, "Press Ctrl+C");
    }
  };

  const say = (button, words) => {
    const label = button.querySelector("[data-say]");
    said.textContent = words;
    if (label) {
      label.dataset.say ||= label.textContent;
      label.textContent = words;
    }
    setTimeout(() => {
      delete button.dataset.copied;
      if (label) label.textContent = label.dataset.say;
    }, 2000);
  };

  // Show while typing: the field hides again as soon as it is left or sent.
  const reveal = (button, on) => {
    const input = document.getElementById(button.getAttribute("aria-controls"));
    input.type = on ? "text" : "password";
    button.setAttribute("aria-pressed", String(on));
    button.querySelector("[data-word]").textContent = on ? "Hide" : "Show";
  };

  document.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (button?.matches(".copy")) copy(button);
    if (button?.matches(".show")) reveal(button, button.getAttribute("aria-pressed") !== "true");
    all("details.menu[open]").forEach((menu) => {
      if (!menu.contains(event.target)) menu.open = false;
    });
  });

  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    all("details.menu[open]").forEach((menu) => {
      menu.open = false;
      menu.querySelector("summary").focus();
    });
  });

  // A form is sent once: a second press while the first is on its way does nothing.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    // One that opens a window of its own may be sent again: the window may have been closed.
    if (form.method !== "post" || form.target) return;
    if (form.dataset.sent) return event.preventDefault();
    form.dataset.sent = "yes";
    all(".show[aria-pressed=true]", form).forEach((button) => reveal(button, false));
    event.submitter?.setAttribute("aria-busy", "true");
  });

  // Coming back with the back button finds the forms ready and the secret fields empty.
  addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    all("form").forEach((form) => delete form.dataset.sent);
    all("[aria-busy]").forEach((button) => button.removeAttribute("aria-busy"));
    all("[data-secret]").forEach((input) => (input.value = ""));
  });

  // Secret fields: say when spaces will be cut off.
  all("[data-secret]").forEach((input) => {
    const note = document.getElementById(`${input.id}-trimmed`);
    input.addEventListener("input", () => {
      note.hidden = input.value === input.value.trim();
    });
  });

  // A key that says `test` under the environment `live`, or the other way round, is questioned at once.
  all("form[data-checks-environment]").forEach((form) => {
    const question = form.querySelector("[data-disagreement]");
    const words = question.querySelector("[data-words]");
    const box = question.querySelector("input");
    const readings = (input) =>
      ["test", "live"].filter((environment) =>
        (input.dataset[environment] || "").split(" ").some((prefix) => prefix && input.value.trim().startsWith(prefix)),
      );
    const check = () => {
      const chosen = form.querySelector("input[name=environment]:checked, input[name=environment][type=hidden]")?.value;
      const seen = all("[data-secret]", form).filter((input) => input.offsetParent).flatMap(readings)[0];
      const wrong = Boolean(seen && chosen && seen !== chosen);
      question.hidden = !wrong;
      box.required = wrong;
      if (wrong) words.textContent = `This looks like a ${seen} key, ${form.dataset.checksEnvironment} ${chosen}.`;
      else box.checked = false;
    };
    form.addEventListener("input", check);
    form.addEventListener("change", check);
  });

  // Choosing rows of a list: all of the page or none without asking the server, and how many there are.
  all("[data-chooses]").forEach((button) => {
    const boxes = all(`input[type=checkbox][form="${button.form.id}"]`);
    const chosen = () => boxes.filter((box) => box.checked).length;
    const words = document.getElementById(button.dataset.chooses);
    const tell = () => {
      button.textContent = chosen() === boxes.length ? "Choose none" : "Choose all on this page";
      words.textContent = chosen() ? `Delete ${chosen()} chosen…` : "Delete chosen…";
    };
    button.addEventListener("click", (event) => {
      event.preventDefault();
      const on = chosen() < boxes.length;
      boxes.forEach((box) => (box.checked = on));
      tell();
      said.textContent = `${chosen()} chosen`;
    });
    boxes.forEach((box) => box.addEventListener("change", tell));
    // What the browser has kept of an earlier look at the page.
    addEventListener("pageshow", tell);
  });

  // Filter as you type over the tiles of a page.
  all("input[data-filters]").forEach((input) => {
    const groups = all("[data-group]");
    const none = document.getElementById("no-match");
    input.addEventListener("input", () => {
      const wanted = input.value.trim().toLowerCase();
      let found = 0;
      groups.forEach((group) => {
        const items = all("[data-find]", group);
        // What is chosen stays in sight.
        items.forEach(
          (item) =>
            (item.hidden =
              !item.dataset.find.toLowerCase().includes(wanted) && !item.querySelector("input:checked")),
        );
        const left = items.filter((item) => !item.hidden).length;
        // The list of a picker holds the search itself, and stays.
        group.hidden = left === 0 && !group.contains(input);
        found += left;
      });
      none.hidden = found > 0;
    });
    // In the middle of a form, the key that ends a search must not send the form.
    input.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && input.form?.method === "post") event.preventDefault();
    });
  });

  // The guide starts folded where it stands above the form.
  if (matchMedia("(max-width: 1000px)").matches) {
    all("details.guide").forEach((guide) => (guide.open = false));
  }
})();
