/* What the pages do better with a script; without it everything works as well. */
"use strict";
{
    const all = (selector, root = document) => Array.from(root.querySelectorAll(selector));

    /* The list: how many are selected, all of the page, a range with shift, all pages. */
    const selection = () => {
        const bar = document.querySelector("#changelist-form .actions");
        const boxes = all("#changelist-form .action-select");
        if (!bar || !boxes.length) {
            return;
        }
        const counter = bar.querySelector(".action-counter");
        const toggle = document.getElementById("action-toggle");
        const across = bar.querySelector(".reg-across");
        const acrossInput = bar.querySelector(".select-across");
        let last = null;
        const show = () => {
            const selected = boxes.filter((box) => box.checked).length;
            const isAcross = acrossInput.value === "1";
            counter.textContent = isAcross
                ? bar.dataset.all
                : bar.dataset.counter.replace("{selected}", selected).replace("{count}", boxes.length);
            toggle.checked = selected === boxes.length;
            toggle.indeterminate = selected > 0 && !toggle.checked;
            if (across) {
                across.hidden = isAcross || !toggle.checked;
            }
        };
        const change = () => {
            acrossInput.value = "0";
            show();
        };
        toggle.closest("label").hidden = false;
        toggle.addEventListener("change", () => {
            boxes.forEach((box) => { box.checked = toggle.checked; });
            change();
        });
        boxes.forEach((box, place) => box.addEventListener("click", (event) => {
            if (event.shiftKey && last !== null) {
                const [from, to] = [Math.min(last, place), Math.max(last, place)];
                boxes.slice(from, to + 1).forEach((other) => { other.checked = box.checked; });
            }
            last = place;
            change();
        }));
        across?.addEventListener("click", () => {
            acrossInput.value = "1";
            show();
        });
        // A browser that goes back restores the boxes after this.
        window.addEventListener("pageshow", show);
        show();
    };

    /* Filters close on Escape and on a click elsewhere. */
    const popovers = () => {
        const open = () => all(".reg-filters details[open]");
        document.addEventListener("keydown", (event) => {
            if (event.key === "Escape") {
                open().forEach((details) => {
                    details.open = false;
                    details.querySelector("summary").focus();
                });
            }
        });
        document.addEventListener("click", (event) => {
            open().filter((details) => !details.contains(event.target))
                .forEach((details) => { details.open = false; });
        });
    };

    /* A check takes seconds: its button says that it runs. A double click sends nothing twice. */
    const busy = () => {
        let sent = -Infinity;
        document.addEventListener("submit", (event) => {
            if (event.defaultPrevented) {
                return;
            }
            if (event.timeStamp - sent < 1000) {
                event.preventDefault();
                return;
            }
            sent = event.timeStamp;
            event.submitter?.setAttribute("aria-busy", "true");
        });
        window.addEventListener("pageshow", () => {
            all("[aria-busy]").forEach((button) => button.removeAttribute("aria-busy"));
        });
    };

    /* A bulk check shows its lines by a script where there is one. */
    const bulk = () => {
        document.addEventListener("submit", (event) => {
            const form = event.target;
            if (form.matches("[data-bulk], #changelist-form") && !form.elements._script) {
                form.append(Object.assign(document.createElement("input"), {
                    type: "hidden", name: "_script", value: "page",
                }));
            }
        });
    };

    /* Buttons that copy the text of what they name. */
    const copying = () => {
        const buttons = all("[data-copy]");
        buttons.forEach((button) => { button.hidden = false; });
        document.addEventListener("click", async (event) => {
            const button = event.target.closest("[data-copy]");
            if (!button) {
                return;
            }
            const source = document.getElementById(button.dataset.copy);
            try {
                await navigator.clipboard.writeText(source.textContent);
            } catch {
                // Over plain HTTP browsers have no clipboard: an old way, which leaves it selected.
                getSelection().selectAllChildren(source);
                document.execCommand("copy");
            }
            const label = button.querySelector("span");
            const before = button.dataset.label ??= label.textContent;
            label.textContent = button.dataset.copied;
            setTimeout(() => { label.textContent = before; }, 2000);
        });
    };

    /* The form: what the row will be used for, while it is typed. The site says it; it is sent no
       secret. */
    const usedFor = (form) => {
        const secrets = all("[data-secret]", form).map((input) => input.name);
        let typed = 0;
        let sent = "";
        const ask = async () => {
            const data = new URLSearchParams(new FormData(form));
            secrets.forEach((name) => data.delete(name));
            if (data.toString() === sent) {
                return;
            }
            sent = data.toString();
            try {
                const answer = await fetch(form.dataset.usedFor, { method: "POST", body: data });
                const page = new DOMParser().parseFromString(await answer.text(), "text/html");
                const found = page.querySelector(".reg-usedfor");
                // What was typed since is asked for already.
                if (answer.ok && found && data.toString() === sent) {
                    form.querySelector(".reg-usedfor").replaceChildren(...found.childNodes);
                }
            } catch {
                // The site is away; saving says so.
            }
        };
        form.addEventListener("input", () => {
            clearTimeout(typed);
            typed = setTimeout(ask, 300);
        });
        // What was typed before this ran, or is restored by a browser that goes back.
        window.addEventListener("pageshow", () => {
            const isChanged = all("input, select", form).some((input) =>
                input.name && input.defaultValue !== undefined && input.value !== input.defaultValue);
            if (isChanged) {
                ask();
            }
        });
    };

    /* An address that changes asks for the secrets again, before the site has to. */
    const addresses = (form) => {
        form.addEventListener("input", (event) => {
            if (!["url", "authurl", "region"].includes(event.target.name)) {
                return;
            }
            all("input[value=keep]:checked", form).forEach((keep) => {
                form.querySelector(`[name="${keep.name}"][value=replace]`).checked = true;
            });
        });
    };

    /* "Check" tries the form in place, so that the secrets that were typed stay in it. */
    const takeErrors = (form, page) => {
        all(".form-row[data-field]", form).forEach((row) => {
            const other = page.querySelector(`.form-row[data-field="${row.dataset.field}"]`);
            const errors = other?.querySelector(".errorlist");
            row.querySelector(".errorlist")?.remove();
            row.classList.toggle("errors", Boolean(errors));
            all("input, select, textarea", row).forEach((input) => input.setAttribute("aria-invalid", Boolean(errors)));
            if (errors) {
                row.prepend(errors);
            }
        });
        form.querySelector("#form-errors").replaceChildren(...page.querySelector("#form-errors").childNodes);
    };

    const checkInPlace = (form) => {
        const result = document.getElementById("check-result");
        form.addEventListener("submit", async (event) => {
            const button = event.submitter;
            if (!["_check", "_use"].includes(button?.name)) {
                return;
            }
            event.preventDefault();
            if (button.name === "_use") {
                form.elements.url.value = button.value;
                form.elements.url.dispatchEvent(new Event("input", { bubbles: true }));
            }
            const label = button.textContent;
            button.disabled = true;
            button.textContent = form.dataset.checking;
            try {
                const data = new FormData(form);
                data.append("_check", "1");
                const answer = await fetch(form.action, { method: "POST", body: data });
                const page = new DOMParser().parseFromString(await answer.text(), "text/html");
                const found = page.getElementById("check-result");
                if (!answer.ok || !found) {
                    throw new Error("no result");
                }
                takeErrors(form, page);
                result.replaceChildren(...found.childNodes);
                // The last check and the next one; there is none if what was only typed was checked.
                const status = page.querySelector(".reg-status");
                document.querySelector(".reg-status")?.remove();
                form.before(...(status ? [status] : []));
                const first = result.querySelector("h2") ?? form.querySelector(".errors input, .errors select, .errors textarea");
                first?.focus();
                first?.scrollIntoView({ block: "center" });
            } catch {
                result.textContent = form.dataset.failed;
            } finally {
                button.disabled = false;
                button.textContent = label;
            }
        });
    };

    selection();
    popovers();
    busy();
    bulk();
    copying();
    const form = document.getElementById("registry_form");
    if (form) {
        usedFor(form);
        addresses(form);
        checkInPlace(form);
    }
}
