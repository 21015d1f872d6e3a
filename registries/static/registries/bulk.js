/* The page of a bulk check: every line waits, is filled in as its result comes, and can be stopped.
   Without a script the site sends the page in pieces instead. */
"use strict";
{
    const page = document.querySelector(".reg-stream");
    const find = (selector) => page.querySelector(selector);
    const stopping = new AbortController();

    /* A line takes its place, the progress that of the one before; all else stands above the lines. */
    const take = (html) => {
        const piece = document.createElement("template");
        piece.innerHTML = html;
        [...piece.content.children].forEach((each) => {
            const place = each.dataset.check
                ? find(`[data-check="${each.dataset.check}"]`)
                : each.matches(".reg-progress") && find(".reg-progress");
            if (!place) {
                find(".reg-progress").after(each);
            } else if (each.dataset.check) {
                place.replaceWith(each);
            } else {
                place.replaceChildren(...each.childNodes);
            }
        });
    };

    const read = async () => {
        const form = document.getElementById("bulk");
        const answer = await fetch(location.pathname, {
            method: "POST", body: new FormData(form), signal: stopping.signal,
        });
        if (!answer.ok || answer.redirected) {
            throw new Error("no result");
        }
        const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
        let text = "";
        for (let part = await reader.read(); !part.done; part = await reader.read()) {
            const pieces = (text + part.value).split("<!-- next -->");
            text = pieces.pop();
            pieces.forEach(take);
        }
        take(text);
    };

    const end = (note) => {
        const shown = find(".reg-stream__stopped");
        shown.textContent = note ?? shown.textContent;
        shown.hidden = false;
        page.classList.add("is-stopped");
    };

    find(".reg-stream__stop").addEventListener("click", (event) => {
        event.preventDefault();
        stopping.abort();
    });
    read().catch((error) => end(error.name === "AbortError" ? undefined : page.dataset.failed));
}
