/* Copies what is handed over from the answer to the clipboard: it never becomes a part of the page. */
"use strict";
{
    const all = (selector, root = document) => Array.from(root.querySelectorAll(selector));
    let count = 0;

    const tell = (form, text, expires) => {
        const until = expires ? ` ${form.dataset.until}: ${new Date(expires).toLocaleString(document.documentElement.lang)}.` : "";
        const again = count > 1 ? ` ${form.dataset.again} ${count}.` : "";
        form.querySelector(".reg-take__told").textContent = text + until + again;
    };

    /* The text, or null where the site answered with a page, which says why. */
    const take = async (form) => {
        const answer = await fetch(form.action, { method: "POST", body: new FormData(form), cache: "no-store" });
        const text = await answer.text();
        if (answer.ok && answer.headers.get("Content-Disposition")?.startsWith("attachment")) {
            count += 1;
            return { text, expires: answer.headers.get("Handover-Expires-At") };
        }
        const page = new DOMParser().parseFromString(text, "text/html").getElementById("content-main");
        if (!answer.ok || answer.redirected || !page) {
            throw new Error("no answer");
        }
        document.getElementById("content-main").replaceChildren(...page.childNodes);
        begin();
        document.querySelector("#content-main [role=alert], #content-main .errors input")?.scrollIntoView({ block: "center" });
        document.querySelector("#content-main .errors input")?.focus();
        return null;
    };

    /* Over plain HTTP browsers have no clipboard: an old way, in which the text stays out of the page. */
    const byEvent = (text) => {
        let isDone = false;
        const put = (event) => {
            event.clipboardData.setData("text/plain", text);
            event.preventDefault();
            isDone = true;
        };
        document.addEventListener("copy", put);
        document.execCommand("copy");
        document.removeEventListener("copy", put);
        if (!isDone) {
            throw new DOMException("no clipboard", "NotAllowedError");
        }
    };

    const copy = async (form, button) => {
        button.disabled = true;
        button.setAttribute("aria-busy", "true");
        try {
            const taken = await take(form);
            if (taken) {
                await (navigator.clipboard?.writeText(taken.text) ?? byEvent(taken.text));
                tell(form, form.dataset.copied, taken.expires);
            }
        } catch (error) {
            tell(form, error.name === "NotAllowedError" ? form.dataset.unable : form.dataset.failed);
        } finally {
            button.disabled = false;
            button.removeAttribute("aria-busy");
        }
    };

    /* Shows what is typed wherever it stands, unless it cannot be: commands are pasted. */
    const show = (input) => {
        if (!input.validity.valid) {
            return;
        }
        all(`[data-shows="${input.name}"]`).forEach((each) => { each.textContent = input.value.trim(); });
    };

    const begin = () => {
        document.querySelector(".reg-consumers [aria-current]")?.scrollIntoView({ inline: "center", block: "nearest" });
        all("[data-take], [data-copy]").forEach((button) => { button.hidden = false; });
        all("[data-handover] input").forEach((input) => { if (input.type === "text") { show(input); } });
    };

    document.addEventListener("input", (event) => {
        if (event.target.closest("[data-handover]")) {
            show(event.target);
            // What the site said of it holds no more.
            const field = event.target.closest(".reg-field");
            field.classList.remove("errors");
            field.querySelector(".errorlist")?.remove();
        }
    });
    document.addEventListener("click", (event) => {
        const button = event.target.closest("[data-take]");
        if (button) {
            copy(button.closest("form"), button);
        }
    });
    document.addEventListener("submit", (event) => {
        const form = event.target;
        if (form.matches("[data-handover]") && !event.defaultPrevented) {
            count += 1;
            tell(form, form.dataset.downloaded);
            // A download leaves the page as it is, with its button.
            setTimeout(() => { event.submitter?.removeAttribute("aria-busy"); }, 1000);
        }
    });
    begin();
}
